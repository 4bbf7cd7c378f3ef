// Command server is the first integration that the READMEs show.
package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := ispay.New(ispay.Config{
		UserID:  os.Getenv("ISPAY_USER_ID"),
		Secret:  sign.NewSecret(os.Getenv("ISPAY_SECRET")),
		BaseURL: os.Getenv("ISPAY_BASE_URL"), // empty: the gateway itself
		Logger:  slog.Default(),              // says why a notification was rejected
	})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		payer, _, _ := net.SplitHostPort(r.RemoteAddr)
		order, err := client.CreateOrder(r.Context(), ispay.CreateOrderRequest{
			OrderNo: strconv.FormatInt(time.Now().UnixNano(), 10), // store it with the amount first
			Channel: ispay.ChannelAlipay,
			Amount:  money.Cents(30000), // 300.00 yuan
			PayerIP: payer, NotifyURL: os.Getenv("PUBLIC_URL") + "/notify",
		})
		if err != nil {
			slog.Error("create", "error", err) // see Errors below
			http.Error(w, "payment is not available", http.StatusBadGateway)
			return
		}
		http.Redirect(w, r, order.PayPageURL, http.StatusSeeOther)
	})
	mux.Handle("/notify", client.NotificationHandler(func(_ context.Context, n *ispay.Notification) error {
		// Compare n.Order.Amount with your stored order, and credit n.OrderNo once.
		slog.Info("paid", "order_no", n.OrderNo, "amount", n.Order.Amount)
		return nil // an error makes the gateway send the notification again
	}))

	server := &http.Server{Addr: ":8080", Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
			log.Fatal(err)
		}
	}()
	<-ctx.Done()
	last, cancel := context.WithTimeout(context.Background(), 65*time.Second)
	defer cancel()
	_ = server.Shutdown(last) // waits for notifications that are being handled, 60 s at most
}
