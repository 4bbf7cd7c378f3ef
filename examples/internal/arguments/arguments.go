// Package arguments reads the arguments of the programs of examples. A copy of a program
// works without it: delete the line with arguments.Check.
package arguments

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Check ends the program after -h or --help, with usage and status 0, and after an argument
// that is not one of known, with an error and status 2.
func Check(usage string, known ...string) {
	name := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	r := read(name, usage, os.Args[1:], known)
	fmt.Fprint(os.Stdout, r.stdout)
	fmt.Fprint(os.Stderr, r.stderr)
	if r.ends {
		os.Exit(r.status)
	}
}

// result is what Check prints, and whether the program ends with status.
type result struct {
	stdout, stderr string
	status         int
	ends           bool
}

func read(name, usage string, args, known []string) result {
	if slices.ContainsFunc(args, isHelp) {
		return result{stdout: usage, ends: true}
	}
	for _, arg := range args {
		if !slices.Contains(known, arg) {
			return result{stderr: fmt.Sprintf("%s: unexpected argument %q: %s\n", name, arg, expected(known)), status: 2, ends: true}
		}
	}
	return result{}
}

func isHelp(arg string) bool { return slices.Contains([]string{"-h", "--h", "-help", "--help"}, arg) }

func expected(known []string) string {
	if len(known) == 0 {
		return "-h prints the usage"
	}
	return "expected " + strings.Join(known, ", ") + " or -h"
}
