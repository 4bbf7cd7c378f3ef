package checkout

import (
	"database/sql"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3/database"
)

// Dialect is the kind of database.
type Dialect string

// The databases that checkout knows.
const (
	// PostgreSQL is PostgreSQL 12 or newer, with the driver pgx or lib/pq.
	PostgreSQL Dialect = "postgres"
	// MySQL is MySQL 8.0 or MariaDB 10.6, or newer, with the driver go-sql-driver/mysql.
	MySQL Dialect = "mysql"
	// SQLite is SQLite 3.35 or newer, with the driver modernc.org/sqlite or
	// mattn/go-sqlite3.
	SQLite Dialect = "sqlite"
)

// dialect holds what differs between the databases.
type dialect struct {
	goose      database.Dialect
	numbered   bool           // placeholders are $1, $2, … instead of ?
	forUpdate  string         // locks the selected rows
	lockOrder  string         // locks the selected order of a join
	skipLocked string         // locks the selected rows and leaves out those that are locked
	txOptions  *sql.TxOptions // for the transactions of this package
	prepare    bool           // statements that run often are prepared once for a connection
	oneWriter  bool           // transactions wait for each other in this process
}

// READ COMMITTED with locked rows is what this package is built for: a stricter level
// would only add retries.
var readCommitted = &sql.TxOptions{Isolation: sql.LevelReadCommitted}

var dialects = map[Dialect]dialect{
	PostgreSQL: {
		goose: database.DialectPostgres, numbered: true, // pgx prepares by itself
		forUpdate: " FOR UPDATE", lockOrder: " FOR UPDATE OF o", skipLocked: " FOR UPDATE SKIP LOCKED", txOptions: readCommitted,
	},
	MySQL: {
		goose: database.DialectMySQL, prepare: true, // MariaDB has no FOR UPDATE OF
		forUpdate: " FOR UPDATE", lockOrder: " FOR UPDATE", skipLocked: " FOR UPDATE SKIP LOCKED", txOptions: readCommitted,
	},
	SQLite: {goose: database.DialectSQLite3, prepare: true, oneWriter: true},
}

// sqlText returns a query for this database: "{name}" becomes the prefixed table name, "?"
// the database's placeholder, and {lock}, {lockorder} and {skip} its locking clauses.
func (d dialect) sqlText(prefix, query string) string {
	query = strings.NewReplacer(
		" {lock}", d.forUpdate, " {lockorder}", d.lockOrder, " {skip}", d.skipLocked,
		"{orders}", prefix+"orders", "{attempts}", prefix+"attempts",
		"{payments}", prefix+"payments", "{notifications}", prefix+"notifications",
		"{versions}", prefix+"versions",
	).Replace(query)
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for i := range len(query) {
		if query[i] != '?' {
			b.WriteByte(query[i])
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}
