package checkout

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// JournalEntry is one notification. It holds no payer data.
type JournalEntry struct {
	// ID orders the entries by time.
	ID string
	// ReceivedAt is when the notification arrived, Duration how long its handling took.
	ReceivedAt time.Time
	Duration   time.Duration
	// Gateway is the name of the gateway.
	Gateway string
	// OrderNo is the merchant's order number, or the number that the notification named if
	// there is no such order. It is "" if the notification could not be read.
	OrderNo string
	// HTTPStatus is the status of the response.
	HTTPStatus int
	// Outcome is what was decided about the payment, "" if nothing was decided.
	Outcome Outcome
	// Reason says why the notification was rejected, "" if it was accepted.
	Reason string
}

const (
	// journalBuffer is how many entries wait to be written at most.
	journalBuffer = 10_000
	// journalBatch is how many entries one statement writes.
	journalBatch = 100
	// journalRejected is how many notifications that are not known to be genuine are written
	// in a minute, for one gateway: anyone can send them.
	journalRejected = 100
)

// journal writes entries in the background, many in one statement, so that crediting does
// not wait for it. A crash loses the entries of the last moment.
type journal struct {
	service *Service

	mu       sync.Mutex
	waiting  []JournalEntry
	writing  bool
	idle     chan struct{} // closed when nothing is being written
	minute   time.Time
	rejected map[string]int // by gateway, in this minute
}

func newJournal(s *Service) *journal {
	idle := make(chan struct{})
	close(idle)
	return &journal{service: s, idle: idle, rejected: map[string]int{}}
}

func (j *journal) add(e JournalEntry, genuine bool) {
	if j.service.config.JournalRetention < 0 {
		return
	}
	id, err := uuid.NewV7()
	if err != nil {
		return
	}
	e.ID = id.String()
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.waiting) >= journalBuffer || !genuine && !j.mayReject(e) {
		return
	}
	j.waiting = append(j.waiting, e)
	if !j.writing {
		j.writing, j.idle = true, make(chan struct{})
		go j.write()
	}
}

// mayReject reports whether another rejected notification may be written.
func (j *journal) mayReject(e JournalEntry) bool {
	if minute := e.ReceivedAt.Truncate(time.Minute); !minute.Equal(j.minute) {
		j.minute = minute
		clear(j.rejected)
	}
	j.rejected[e.Gateway]++
	if j.rejected[e.Gateway] == journalRejected+1 {
		j.service.log.Warn("checkout: many notifications rejected, the next ones of this minute are not in the journal", "gateway", e.Gateway)
	}
	return j.rejected[e.Gateway] <= journalRejected
}

// write writes until nothing is waiting.
func (j *journal) write() {
	s := j.service
	for {
		j.mu.Lock()
		n := min(len(j.waiting), journalBatch)
		if n == 0 {
			j.writing = false
			close(j.idle)
			j.mu.Unlock()
			return
		}
		batch := j.waiting[:n:n]
		j.waiting = j.waiting[n:]
		j.mu.Unlock()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if err := s.writeJournal(ctx, batch); err != nil {
			s.log.WarnContext(ctx, "checkout: journal not written", "entries", n, "error", err)
		}
		cancel()
	}
}

func (s *Service) writeJournal(ctx context.Context, batch []JournalEntry) error {
	query := `INSERT INTO {notifications} (` + journalColumns + `) VALUES ` +
		strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?, ?, ?, ?, ?), ", len(batch)), ", ")
	args := make([]any, 0, 8*len(batch))
	for _, e := range batch {
		args = append(args, e.ID, millis(e.ReceivedAt), e.Gateway, e.OrderNo, e.HTTPStatus, e.Outcome, e.Reason, e.Duration.Microseconds())
	}
	return s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.dialect.sqlText(s.config.TablePrefix, query), args...)
		return err
	})
}

// Flush waits until the journal is written or ctx ends. Call it before the process ends.
func (s *Service) Flush(ctx context.Context) error {
	s.journal.mu.Lock()
	idle := s.journal.idle
	s.journal.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("checkout: flush the journal: %w", context.Cause(ctx))
	}
}

// JournalQuery selects entries of the journal.
type JournalQuery struct {
	// OrderNo selects the notifications of one order, whichever of its attempts they named.
	// Optional.
	OrderNo string
	// Before is the ID of the last entry of the page before. "" begins with the newest.
	Before string
	// Limit is how many entries to return. Default: 50, at most 1000.
	Limit int
}

// Journal returns notifications, newest first. An entry appears a moment after its
// response was sent. The error is ErrInvalidQuery or that of the database.
func (s *Service) Journal(ctx context.Context, q JournalQuery) ([]JournalEntry, error) {
	switch {
	case q.Before == "":
		q.Before = "~" // after every ID
	case !idShape.MatchString(q.Before):
		return nil, fmt.Errorf("checkout: read journal: %w: Before must be the ID of an entry", ErrInvalidQuery)
	}
	where, args, err := s.named(ctx, q.OrderNo)
	if err != nil {
		return nil, fmt.Errorf("checkout: read journal: %w", err)
	}
	args = append(args, q.Before, limit(q.Limit))
	entries, err := queryAll(ctx, s.db, scanEntry, s.dialect.sqlText(s.config.TablePrefix, qJournal+where+qJournalPage), args...)
	if err != nil {
		return nil, fmt.Errorf("checkout: read journal: %w", err)
	}
	return entries, nil
}

// named returns the condition for the entries that name an order: by its own number, by that
// of an attempt, or by the gateway's.
func (s *Service) named(ctx context.Context, orderNo string) (where string, args []any, err error) {
	if orderNo == "" {
		return "", nil, nil
	}
	where, args = "(order_no = ?", []any{key(orderNo)}
	if orderNoShape.MatchString(orderNo) {
		attempts, err := s.attempts(ctx, s.db, orderNo)
		if err != nil {
			return "", nil, err
		}
		for _, a := range attempts {
			if a.No != orderNo {
				where += " OR order_no = ?"
				args = append(args, a.No)
			}
			if a.OrderID != "" {
				where += " OR (order_no = ? AND gateway = ?)"
				args = append(args, a.OrderID, a.Gateway)
			}
		}
	}
	return where + ") AND ", args, nil
}

func scanEntry(r row) (JournalEntry, error) {
	var e JournalEntry
	var received, micros int64
	err := r.Scan(&e.ID, &received, &e.Gateway, &e.OrderNo, &e.HTTPStatus, &e.Outcome, &e.Reason, &micros)
	e.ReceivedAt, e.Duration = fromMillis(received), time.Duration(micros)*time.Microsecond
	return e, err
}

func limit(n int) int {
	if n <= 0 {
		return 50
	}
	return min(n, 1000)
}
