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

// Owner is who a folder or file belongs to, "" if that is this process's user or nobody can tell.
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
