package checkout

import (
	"errors"
	"reflect"
	"strings"
)

// The drivers are not imported: the merchant chooses one. Their errors are recognized
// by what they have in common.

// isRetryable reports whether a transaction ended because of another one and may
// succeed when it is run again: a serialization failure, a deadlock or a lock timeout.
func isRetryable(err error) bool {
	return matches(err, func(e error) bool {
		switch sqlState(e) {
		case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
			return true
		}
		switch mysqlNumber(e) {
		case 1213, 1205, 1020: // deadlock, lock wait timeout, row changed since the snapshot (MariaDB 11.6)
			return true
		}
		switch sqliteCode(e) & 0xff {
		case 5, 6, 9: // SQLITE_BUSY, SQLITE_LOCKED, SQLITE_INTERRUPT: of an earlier statement, see write
			return true
		}
		return strings.Contains(e.Error(), "database is locked")
	})
}

// isDuplicate reports whether a unique constraint rejected a row.
func isDuplicate(err error) bool {
	return matches(err, func(e error) bool {
		switch {
		case sqlState(e) == "23505", mysqlNumber(e) == 1062:
			return true
		}
		code := sqliteCode(e)
		return code == 2067 || code == 1555 || strings.Contains(e.Error(), "UNIQUE constraint failed")
	})
}

// matches reports whether is holds for err or an error that it wraps.
func matches(err error, is func(error) bool) bool {
	for err != nil {
		if is(err) {
			return true
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				if matches(e, is) {
					return true
				}
			}
			return false
		}
		err = errors.Unwrap(err)
	}
	return false
}

// sqlState returns the SQLSTATE of an error of pgx or lib/pq.
func sqlState(err error) string {
	if e, ok := err.(interface{ SQLState() string }); ok {
		return e.SQLState()
	}
	return ""
}

// mysqlNumber returns the number of an error of go-sql-driver/mysql, which has it in a
// field only.
func mysqlNumber(err error) uint64 {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct || v.Type().Name() != "MySQLError" {
		return 0
	}
	if number := v.FieldByName("Number"); number.CanUint() {
		return number.Uint()
	}
	return 0
}

// sqliteCode returns the extended result code of an error of modernc.org/sqlite, or of
// mattn/go-sqlite3, which has it in a field only.
func sqliteCode(err error) int64 {
	if e, ok := err.(interface{ Code() int }); ok {
		return int64(e.Code())
	}
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return 0
	}
	if code := v.FieldByName("ExtendedCode"); code.CanInt() {
		return code.Int()
	}
	return 0
}
