//go:build !unix

package checkout

import "testing"

// server is a database server of one test.
type server struct{ d testDB }

func startServer(*testing.T, testDB) (*server, string) {
	return nil, "servers are started on Unix only"
}

func (*server) start(tester) {}
func (*server) kill()        {}
