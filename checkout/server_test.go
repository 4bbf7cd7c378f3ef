//go:build unix

package checkout

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// server is a database server of one test, which may kill it. Its data survives the process:
// nothing is written through to the disk, but everything to the operating system.
type server struct {
	d       testDB
	command []string
	as      *syscall.SysProcAttr
	log     *os.File
	cmd     *exec.Cmd
	ended   chan struct{}
}

// startServer starts a server for a test. It returns nil and the reason if there is none.
func startServer(t *testing.T, d testDB) (s *server, missing string) {
	t.Helper()
	if d.dialect == SQLite {
		return nil, "SQLite is a file and not a server"
	}
	dir, err := os.MkdirTemp("", "paygates-server-") //nolint:usetesting // another user has to reach it
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	t.Cleanup(func() { _ = log.Close() })
	s = &server{d: d, as: &syscall.SysProcAttr{}, log: log}
	host, port, err := net.SplitHostPort(freeAddress(t))
	require.NoError(t, err)
	if d.dialect == PostgreSQL {
		missing = s.initPostgres(t, dir, host, port)
	} else {
		missing = s.initMySQL(t, dir, host, port)
	}
	if missing != "" {
		return nil, missing
	}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("server: …%s", text[max(0, len(text)-2000):])
		}
	})
	s.start(t)
	return s, ""
}

// initPostgres creates the data of a PostgreSQL server. It does not run as root.
func (s *server) initPostgres(t *testing.T, dir, host, port string) (missing string) {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if len(found) == 0 {
		return "no PostgreSQL server in /usr/lib/postgresql"
	}
	bin := slices.MaxFunc(found, func(a, b string) int { return len(a) - len(b) })
	if os.Geteuid() == 0 {
		account, err := user.Lookup("postgres")
		if err != nil {
			return "PostgreSQL does not run as root, and there is no user postgres"
		}
		uid, _ := strconv.ParseUint(account.Uid, 10, 32)
		gid, _ := strconv.ParseUint(account.Gid, 10, 32)
		s.as.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		require.NoError(t, os.Chown(dir, int(uid), int(gid)))
	}
	data := filepath.Join(dir, "data")
	s.run(t, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	s.command = []string{
		filepath.Join(bin, "postgres"), "-D", data, "-p", port, "-c", "listen_addresses=" + host, "-c", "unix_socket_directories=",
		"-c", "max_connections=100", "-c", "fsync=off",
	}
	s.d.dsn = "postgres://postgres@" + net.JoinHostPort(host, port) + "/postgres?sslmode=disable"
	return ""
}

// initMySQL creates the data of a MariaDB server, or of the MySQL server whose command is in
// CHECKOUT_MYSQLD.
func (s *server) initMySQL(t *testing.T, dir, host, port string) (missing string) {
	t.Helper()
	me, err := user.Current()
	require.NoError(t, err)
	data := filepath.Join(dir, "data")
	common := []string{"--user=" + me.Username, "--datadir=" + data}
	if command := strings.Fields(os.Getenv("CHECKOUT_MYSQLD")); len(command) > 0 {
		s.command = command
		s.run(t, slices.Concat(command, common, []string{"--initialize-insecure"})...)
	} else {
		install, err := exec.LookPath("mariadb-install-db")
		if err != nil {
			return "no MariaDB server, and no CHECKOUT_MYSQLD"
		}
		s.command = []string{"/usr/sbin/mariadbd", "--no-defaults"}
		s.run(t, slices.Concat([]string{install, "--no-defaults", "--skip-test-db"}, common)...)
	}
	sql := filepath.Join(dir, "init.sql")
	require.NoError(t, os.WriteFile(sql, []byte("CREATE DATABASE IF NOT EXISTS checkout;\nCREATE USER IF NOT EXISTS checkout@"+host+
		";\nGRANT ALL ON *.* TO checkout@"+host+";\n"), 0o600))
	s.command = slices.Concat(s.command, common, []string{
		"--socket=" + filepath.Join(dir, "socket"), "--pid-file=" + filepath.Join(dir, "pid"), "--init-file=" + sql,
		"--port=" + port, "--bind-address=" + host, "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=1", "--innodb-flush-method=nosync",
	})
	s.d.dsn = fmt.Sprintf("checkout@tcp(%s)/checkout?parseTime=true", net.JoinHostPort(host, port))
	return ""
}

func (s *server) run(t *testing.T, command ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.SysProcAttr, cmd.Dir = s.as, "/"
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, string(output))
}

// start starts the server and waits until it responds.
func (s *server) start(t tester) {
	t.Helper()
	db, err := s.d.connect()
	require.NoError(t, err)
	defer func() { _ = db.Close() }()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		s.cmd = exec.CommandContext(context.Background(), s.command[0], s.command[1:]...)
		s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = s.as, "/", s.log, s.log
		require.NoError(t, s.cmd.Start())
		ended := make(chan struct{})
		s.ended = ended
		go func(cmd *exec.Cmd) {
			_ = cmd.Wait()
			close(ended)
		}(s.cmd)
		// PostgreSQL does not start before the last process of the former server has ended.
		for running := true; running && time.Now().Before(deadline); {
			if db.PingContext(context.Background()) == nil {
				return
			}
			select {
			case <-ended:
				running = false
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	require.Fail(t, "the server does not start")
}

// kill ends the server with SIGKILL.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.ended
}
