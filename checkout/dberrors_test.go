package checkout

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// modernError and mattnError have the shapes of the errors of modernc.org/sqlite and of
// mattn/go-sqlite3, which needs cgo and is not imported.
type modernError struct {
	text string
	code int
}

func (e *modernError) Error() string { return e.text }
func (e *modernError) Code() int     { return e.code }

type mattnError struct {
	Code         mattnCode
	ExtendedCode mattnExtended
	text         string
}

type (
	mattnCode     int
	mattnExtended int
)

func (e mattnError) Error() string { return e.text }

// The texts are those of the drivers for SQLite's result codes, https://sqlite.org/rescode.html.
func TestErrorsOfBothDriversOfSQLite(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code                 int // extended: the lowest byte is the primary one
		text                 string
		retryable, duplicate bool
	}{
		{5, "database is locked", true, false},                              // SQLITE_BUSY
		{517, "database is locked", true, false},                            // SQLITE_BUSY_SNAPSHOT
		{6, "database table is locked", true, false},                        // SQLITE_LOCKED
		{262, "database table is locked: orders", true, false},              // SQLITE_LOCKED_SHAREDCACHE
		{9, "interrupted", true, false},                                     // SQLITE_INTERRUPT
		{2067, "UNIQUE constraint failed: orders.order_no", false, true},    // SQLITE_CONSTRAINT_UNIQUE
		{1555, "UNIQUE constraint failed: orders.order_no", false, true},    // SQLITE_CONSTRAINT_PRIMARYKEY
		{1299, "NOT NULL constraint failed: orders.order_no", false, false}, // SQLITE_CONSTRAINT_NOTNULL
		{13, "database or disk is full", false, false},                      // SQLITE_FULL
		{778, "disk I/O error", false, false},                               // SQLITE_IOERR_WRITE
		{0, "interrupted", false, false},                                    // of something else
	} {
		for _, err := range []error{
			&modernError{fmt.Sprintf("%s (%d)", test.text, test.code), test.code},
			mattnError{Code: mattnCode(test.code & 0xff), ExtendedCode: mattnExtended(test.code), text: test.text},
		} {
			err = fmt.Errorf("commit transaction: %w", err)
			assert.Equal(t, test.retryable, isRetryable(err), "%T %v", errors.Unwrap(err), err)
			assert.Equal(t, test.duplicate, isDuplicate(err), "%T %v", errors.Unwrap(err), err)
		}
	}
}
