package checkout

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/paygates/paygates-go"
)

// Create stores an order, creates it at the gateway and returns what the payer needs.
//
// If an order with this number exists, the payer gets another attempt of it, for example
// with another gateway. If its newest attempt is with the same gateway and channel and can
// still be paid, Create returns that attempt and creates nothing: look at its Status, which
// is AttemptCreating while another call creates it.
//
// The order is stored before the gateway hears of it, and then the create goes on if ctx
// ends: a payer who closes the browser does not leave its outcome unknown. If the process
// ends before the gateway was called, the next Create sends the stored attempt.
//
// After paygates.ErrOutcomeUnknown the attempt is returned beside the error: Run finds out
// whether it exists, and the payer can be shown a page that waits. It is never created
// again. If the gateway has no query by order number, or its query does not tell what the
// payer needs, the next Create makes another attempt; if both are paid, one is a duplicate.
//
// After ErrNotCreated, which wraps the gateway's rejection or paygates.ErrNotSent, call Create
// again with another gateway or channel, or later. The error is otherwise ErrInvalidOrder, ErrUnknownGateway, ErrOrderConflict,
// ErrOrderPaid, ErrOrderExpired, ErrTooManyAttempts, or that of the database.
func (s *Service) Create(ctx context.Context, o Order) (*Attempt, error) {
	const op = "create order"
	o, gateway, err := s.complete(o)
	if err != nil {
		return nil, fmt.Errorf("checkout: %s: %w", op, err)
	}
	var stored *storedAttempt
	err = s.inTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
		var err error
		stored, err = s.store(ctx, tx, o, gateway)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checkout: %s: %w", op, err)
	}
	return (&Pending{service: s, order: o, gateway: gateway, stored: stored}).Send(ctx)
}

// CreateTx stores an order in the merchant's own transaction, beside the merchant's own
// rows, and sends nothing. Commit the transaction and call Send on the result. If the
// transaction is rolled back, there is no order.
//
// The errors are those of Create that come before the gateway. tx must be a transaction of
// Config.DB's database.
func (s *Service) CreateTx(ctx context.Context, tx *sql.Tx, o Order) (*Pending, error) {
	const op = "create order in transaction"
	o, gateway, err := s.complete(o)
	if err != nil {
		return nil, fmt.Errorf("checkout: %s: %w", op, err)
	}
	stored, err := s.store(ctx, tx, o, gateway)
	if err != nil {
		return nil, fmt.Errorf("checkout: %s: %w", op, err)
	}
	return &Pending{service: s, order: o, gateway: gateway, stored: stored}, nil
}

// Pending is an order that CreateTx has stored.
type Pending struct {
	service *Service
	order   Order
	gateway Gateway
	stored  *storedAttempt
}

// OrderNo returns the order number.
func (p *Pending) OrderNo() string { return p.order.No }

// Send creates the order at the gateway, after the transaction has been committed. It
// sends an attempt at most once: if it was sent already, by another call or another
// process, Send returns the attempt as stored. It goes on if ctx ends.
//
// The error is ErrNotStored without the commit, ErrOrderPaid or ErrOrderExpired if that
// happened since, or as that of Create.
func (p *Pending) Send(ctx context.Context) (*Attempt, error) {
	s := p.service
	ctx = context.WithoutCancel(ctx) // a payer who closes the browser must not leave the outcome unknown
	lease, first := uuid.NewString(), false
	err := s.persist(ctx, func(ctx context.Context) (err error) {
		first, err = p.start(ctx, lease)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("checkout: create order: %w", err)
	}
	if first {
		return p.send(ctx, lease)
	}
	attempt, err := p.sent(ctx)
	if err != nil {
		return nil, fmt.Errorf("checkout: create order: %w", err)
	}
	return attempt, nil
}

// start notes that the attempt is about to be sent, unless the order is paid or expired. Of all
// leases for an attempt, in all processes, it reports true for one at most. If the database's
// response was lost, call it again with the same lease: it reports true if the first call noted it,
// even if the order was paid by another attempt, or expired, since then.
func (p *Pending) start(ctx context.Context, lease string) (bool, error) {
	s := p.service
	now := s.now()
	first, err := changed(s.db.ExecContext(ctx, s.sql(qStartAttempt), millis(now.Add(s.lostAfter())), lease, p.stored.attempt.No, millis(now)))
	if err != nil || first {
		return first, err
	}
	var started int
	err = s.db.QueryRowContext(ctx, s.sql(qStarted), p.stored.attempt.No, lease).Scan(&started)
	return started == 1, err
}

// sent returns an attempt that start did not give to this call.
func (p *Pending) sent(ctx context.Context) (*Attempt, error) {
	attempt, err := p.service.attempt(ctx, p.stored.attempt.No)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, ErrNotStored
	case err != nil:
		return nil, err
	case attempt.Status != AttemptStored:
		return attempt, nil
	}
	order, err := p.service.order(ctx, attempt.OrderNo)
	switch {
	case err != nil:
		return nil, err
	case order.Status == OrderPaid:
		return nil, ErrOrderPaid
	default:
		return nil, ErrOrderExpired
	}
}

// send creates the order at the gateway. The attempt is stored with AttemptCreating and lease.
func (p *Pending) send(ctx context.Context, lease string) (*Attempt, error) {
	s, a := p.service, p.stored.attempt
	log := s.log.With("gateway", a.Gateway, "order_no", a.OrderNo, "attempt_no", a.No)
	limited, cancel := context.WithTimeout(ctx, s.config.GatewayTimeout)
	created, err := createAt(limited, p.gateway, p.request())
	cancel()
	status := createStatus(err)
	switch status {
	case AttemptWaiting:
		if cleared := created.Instructions.storable(); len(cleared) > 0 {
			log.WarnContext(ctx, "checkout: unreadable instructions left out", "fields", cleared)
		}
		log.InfoContext(ctx, "checkout: order created", "order_id", created.OrderID)
	case AttemptUnknown:
		log.WarnContext(ctx, "checkout: outcome of create unknown, the gateway will be queried", "error", err)
	default:
		log.WarnContext(ctx, "checkout: order not created", "error", err)
	}
	// Without this update Run finds out what became of the order. A gateway that is queried
	// by its own number needs it, so it is worth some attempts.
	stored := s.persist(ctx, func(ctx context.Context) error {
		if err == nil {
			return s.storeCreated(ctx, &a, created, lease)
		}
		return s.endCreate(ctx, &a, status, lease)
	})
	if status == AttemptUnknown && !errors.Is(err, paygates.ErrOutcomeUnknown) {
		err = fmt.Errorf("%w: %w", paygates.ErrOutcomeUnknown, err)
	}
	if stored != nil {
		log.ErrorContext(ctx, "checkout: result of create not stored", "error", stored)
		err = errors.Join(stored, err)
	}
	switch {
	case err == nil:
		return &a, nil
	case status == AttemptUnknown:
		return &a, fmt.Errorf("checkout: create order: %w", err)
	case stored == nil:
		return nil, fmt.Errorf("checkout: create order: %w: %w", ErrNotCreated, err)
	default:
		return nil, fmt.Errorf("checkout: create order: %w", err)
	}
}

func (p *Pending) request() CreateRequest {
	a := p.stored.attempt
	return CreateRequest{
		AttemptNo: a.No, OrderNo: a.OrderNo, Channel: a.Channel,
		Amount: p.order.Amount, Currency: p.order.Currency,
		Subject: p.order.Subject, PayerIP: paygates.NewPrivate(p.order.PayerIP),
		NotifyURL: p.service.NotifyURL(a.Gateway), ReturnURL: p.order.ReturnURL,
		CreatedAt: a.CreatedAt, ExpiresAt: p.stored.orderExpires,
	}
}

// createAt calls Create of a gateway. After a panic the outcome is unknown.
func createAt(ctx context.Context, gateway Gateway, r CreateRequest) (created *Created, err error) {
	defer func() {
		if value := recover(); value != nil {
			created, err = nil, fmt.Errorf("%w: panic of type %T in the gateway", paygates.ErrOutcomeUnknown, value)
		}
	}()
	created, err = gateway.Create(ctx, r)
	if err == nil && created == nil {
		err = fmt.Errorf("%w: the gateway returned nothing", paygates.ErrOutcomeUnknown)
	}
	return created, err
}

// createStatus returns the status of an attempt after a create that ended in err.
func createStatus(err error) AttemptStatus {
	var rejection *paygates.Error
	switch {
	case err == nil:
		return AttemptWaiting
	case errors.Is(err, paygates.ErrOutcomeUnknown):
		return AttemptUnknown
	case errors.Is(err, paygates.ErrNotSent), errors.Is(err, paygates.ErrInvalidRequest), errors.As(err, &rejection):
		return AttemptRejected
	default:
		return AttemptUnknown
	}
}

// persist calls do until it succeeds, at most for some seconds.
func (s *Service) persist(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, s.config.GatewayTimeout)
	defer cancel()
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, time.Second) {
		err := do(ctx)
		if err == nil || !isRetryable(err) && !isConnectionError(err) || !sleep(ctx, delay) {
			return err
		}
	}
}

// storeCreated stores what a gateway responded to a create, and ends its lease.
func (s *Service) storeCreated(ctx context.Context, a *Attempt, created *Created, lease string) error {
	instructions := a.Instructions
	instructions.merge(created.Instructions)
	payable := created.Payable
	if payable == 0 {
		payable = a.amount
	}
	if created.Instructions.Amount == 0 {
		instructions.Amount = payable
	}
	_, err := s.db.ExecContext(ctx, s.sql(qStoreCreated),
		nullText(key(created.OrderID)), payable.Cents(), instructions.PayPageURL, instructions.QRText, instructions.QRImageURL,
		instructions.Address, instructions.Chain, string(instructions.AppData.Reveal()), instructions.Amount.Cents(), instructions.Currency,
		millis(instructions.ExpiresAt), millis(s.now().Add(s.config.QueryInterval)), lease, a.No)
	if err != nil {
		return err
	}
	a.Status, a.OrderID, a.Instructions = AttemptWaiting, created.OrderID, instructions
	return nil
}

// endCreate stores that a create failed or that its outcome is unknown. A failed one is due
// once more when the order expires.
func (s *Service) endCreate(ctx context.Context, a *Attempt, status AttemptStatus, lease string) error {
	next := sql.NullInt64{Int64: millis(s.now().Add(s.config.QueryInterval)), Valid: status == AttemptUnknown}
	_, err := s.db.ExecContext(ctx, s.sql(qEndCreate), status, next, lease, a.No)
	a.Status = status
	return err
}

// lostAfter is when Run looks at an attempt whose create has not come back: the process
// that sent it has ended by then.
func (s *Service) lostAfter() time.Duration { return 2*s.config.GatewayTimeout + time.Second }

// storedAttempt is an attempt in a transaction.
type storedAttempt struct {
	attempt      Attempt
	orderExpires time.Time
}

// store stores an order, if it is new, and an attempt of it, or finds one that can still
// be paid.
func (s *Service) store(ctx context.Context, tx *sql.Tx, o Order, gateway Gateway) (*storedAttempt, error) {
	now := s.now()
	state, err := scanOrder(tx.QueryRowContext(ctx, s.sql(qLockOrder), o.No))
	switch {
	case errors.Is(err, sql.ErrNoRows):
		state = &OrderState{
			No: o.No, Amount: o.Amount, Currency: o.Currency, Status: OrderPending,
			CreatedAt: now, ExpiresAt: now.Add(o.ExpiresIn),
		}
		_, err = tx.ExecContext(ctx, s.sql(qInsertOrder), state.No, state.Amount.Cents(), state.Currency, state.Status,
			millis(state.CreatedAt), millis(state.ExpiresAt))
		if isDuplicate(err) {
			return nil, fmt.Errorf("%w: order number %s", errConflict, o.No)
		}
	case err == nil:
		err = state.admits(o, now)
	}
	if err != nil {
		return nil, err
	}
	if state.Attempts, err = s.attempts(ctx, tx, o.No); err != nil {
		return nil, err
	}
	if a := state.Attempt(); a != nil && a.isUsable(o, gateway, now) {
		a.amount = o.Amount
		return &storedAttempt{attempt: *a, orderExpires: state.ExpiresAt}, nil
	}
	if len(state.Attempts) >= s.config.MaxAttempts {
		return nil, ErrTooManyAttempts
	}
	return s.storeAttempt(ctx, tx, o, gateway, state)
}

func (s *Service) storeAttempt(ctx context.Context, tx *sql.Tx, o Order, gateway Gateway, state *OrderState) (*storedAttempt, error) {
	now := s.now()
	seq := int64(len(state.Attempts)) + 1
	a := Attempt{
		No: attemptNo(o.No, seq), OrderNo: o.No, Gateway: gateway.Name(), Account: gateway.Account(), Channel: o.Channel,
		Status: AttemptStored, CreatedAt: now, amount: o.Amount,
		Instructions: Instructions{Amount: o.Amount, Currency: o.Currency, ExpiresAt: state.ExpiresAt},
	}
	closes := state.ExpiresAt.Add(s.config.ClockTolerance)
	_, err := tx.ExecContext(ctx, s.sql(qInsertAttempt), a.No, a.OrderNo, seq, a.Gateway, a.Account, a.Channel, a.Status,
		o.Amount.Cents(), o.Currency, millis(now), millis(state.ExpiresAt), millis(closes),
		millis(closes)) // there is nothing to query before it is sent
	switch {
	case isDuplicate(err): // a transaction of the merchant's that reads an older snapshot
		return nil, fmt.Errorf("%w: attempt %s", errConflict, a.No)
	case err != nil:
		return nil, err
	}
	return &storedAttempt{attempt: a, orderExpires: state.ExpiresAt}, nil
}

// admits returns an error if the order cannot have another attempt.
func (o *OrderState) admits(request Order, now time.Time) error {
	switch {
	case o.Amount != request.Amount || o.Currency != request.Currency:
		return ErrOrderConflict
	case o.Status == OrderPaid:
		return ErrOrderPaid
	case o.Status == OrderExpired || !now.Before(o.ExpiresAt):
		return ErrOrderExpired
	default:
		return nil
	}
}

// isUsable reports whether the payer can go on with an attempt.
func (a *Attempt) isUsable(o Order, gateway Gateway, now time.Time) bool {
	if a.Gateway != o.Gateway || a.Account != gateway.Account() || a.Channel != o.Channel || !now.Before(a.Instructions.ExpiresAt) {
		return false
	}
	switch a.Status {
	case AttemptStored, AttemptCreating, AttemptUnconfirmed:
		return true
	case AttemptWaiting: // a query found it, and did not tell what the payer needs
		return !a.found || a.Instructions.tell()
	case AttemptUnknown: // otherwise the payer would wait for nothing
		return gateway.Capabilities().QueryByOrderNo
	default:
		return false
	}
}
