// Dbcheck tells tests what is in a database. It is a program of its own because tests run with the
// race detector, which makes SQLite, in Go, slower by far more than they can wait.
//
// It answers each line on standard input, the path of a database, with a line of JSON.
package main

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"

	_ "modernc.org/sqlite"
)

// answer is what a database holds.
type answer struct {
	Verdict string   // of PRAGMA integrity_check; "ok" is good
	Texts   []string // of all messages
	Err     string
}

func main() {
	out := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		a, err := check(lines.Text())
		if err != nil {
			a.Err = err.Error()
		}
		if err := out.Encode(a); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func check(file string) (a answer, err error) {
	db, err := sql.Open("sqlite", "file:"+file)
	if err != nil {
		return a, err
	}
	defer db.Close()
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&a.Verdict); err != nil {
		return a, err
	}
	rows, err := db.Query("SELECT text FROM message")
	if err != nil {
		return a, err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return a, err
		}
		a.Texts = append(a.Texts, text)
	}
	return a, rows.Err()
}
