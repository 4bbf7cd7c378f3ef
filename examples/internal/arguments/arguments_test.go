package arguments

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args, known    []string
		status         int
		ends           bool
		stdout, stderr string
	}{
		{},
		{args: []string{"-h"}, ends: true, stdout: "usage\n"},
		{args: []string{"-help"}, ends: true, stdout: "usage\n"},
		{args: []string{"--help"}, ends: true, stdout: "usage\n"},
		{args: []string{"x", "--h"}, ends: true, stdout: "usage\n"},
		{args: []string{"x"}, status: 2, ends: true, stderr: "book: unexpected argument \"x\": -h prints the usage\n"},
		{args: []string{""}, status: 2, ends: true, stderr: "book: unexpected argument \"\": -h prints the usage\n"},
		{args: []string{"--amount=1"}, status: 2, ends: true, stderr: "book: unexpected argument \"--amount=1\": -h prints the usage\n"},
		{args: []string{"b", "a"}, known: []string{"a", "b"}},
		{args: []string{"a", "c"}, known: []string{"a", "b"}, status: 2, ends: true, stderr: "book: unexpected argument \"c\": expected a, b or -h\n"},
		{args: []string{"a", "-h"}, known: []string{"a", "b"}, ends: true, stdout: "usage\n"},
	} {
		got := read("book", "usage\n", test.args, test.known)
		assert.Equal(t, result{test.stdout, test.stderr, test.status, test.ends}, got, "%q", test.args)
	}
}

// Each program prints its usage and rejects an argument before it does anything else.
func TestPrograms(t *testing.T) {
	t.Parallel()
	dir, names := t.TempDir(), programs(t)
	build := []string{"build", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		build = append(build, "../../"+name)
	}
	output, err := exec.CommandContext(context.Background(), "go", build...).CombinedOutput()
	require.NoError(t, err, "%s", output)
	for _, name := range names {
		stdout, stderr, status := start(t, filepath.Join(dir, name), "--help")
		assert.Zero(t, status, name)
		assert.Regexp(t, `^`+name+` takes one payment through `, stdout)
		assert.Empty(t, stderr, name)

		stdout, stderr, status = start(t, filepath.Join(dir, name), "--hlep")
		assert.Equal(t, 2, status, name)
		assert.Empty(t, stdout, name)
		assert.Contains(t, stderr, name+`: unexpected argument "--hlep": `)
	}
}

// programs returns the names of the programs of this module.
func programs(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../*/main.go")
	require.NoError(t, err)
	var names []string
	for _, file := range files {
		if _, err := os.Stat(filepath.Join(filepath.Dir(file), "go.mod")); err != nil {
			names = append(names, filepath.Base(filepath.Dir(file)))
		}
	}
	require.Contains(t, names, "ispay")
	return names
}

// start runs a program without variables.
func start(t *testing.T, program string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	command := exec.CommandContext(context.Background(), program, args...)
	command.Env = []string{}
	output, err := command.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return string(output), string(exit.Stderr), exit.ExitCode()
	}
	require.NoError(t, err)
	return string(output), "", 0
}
