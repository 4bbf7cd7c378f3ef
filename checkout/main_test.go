package checkout

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestMain(m *testing.M) {
	if os.Getenv("CHECKOUT_TEST_CHILD") != "" {
		fmt.Fprintln(os.Stderr, child())
		os.Exit(1)
	}
	_ = mysql.SetLogger(&mysql.NopLogger{}) // tests cut its connections
	flag.Parse()
	set := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { set[f.Name] = true })
	// Each check opens a database: less than rapid's usual 100.
	if !set["rapid.checks"] {
		_ = flag.Set("rapid.checks", "15")
		_ = flag.Set("rapid.shrinktime", "10s")
	}
	os.Exit(m.Run())
}
