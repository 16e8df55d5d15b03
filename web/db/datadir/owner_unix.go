//go:build unix

package datadir

import (
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// Adopt gives a file that root has created to the owner of the folder. For other users it does nothing.
func Adopt(dir, file string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	uid, gid, err := ids(dir)
	if err != nil {
		return err
	}
	owner, _, err := ids(file)
	if err != nil || owner != 0 || uid == 0 {
		return err
	}
	return os.Lchown(file, uid, gid)
}

// mine reports whether a file belongs to this process's user.
func mine(file string) bool {
	uid, _, err := ids(file)
	return err == nil && uid == os.Geteuid()
}

func ids(path string) (uid, gid int, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, err
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("%s has no owner", path)
	}
	return int(s.Uid), int(s.Gid), nil
}

// Owner returns the name of the user who owns a folder or file, or "user " and the id if that user has no name. It returns ""
// if the owner is the user of this process, or if the owner cannot be read.
func Owner(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(s.Uid) == os.Geteuid() {
		return ""
	}
	id := strconv.Itoa(int(s.Uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}
