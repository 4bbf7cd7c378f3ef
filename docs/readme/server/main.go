// Command server is the first integration that the READMEs show.
package main

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/money"
	"github.com/paygates/paygates-go/sign"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := ispay.New(ispay.Config{
		UserID: os.Getenv("ISPAY_USER_ID"),
		Secret: sign.NewSecret(os.Getenv("ISPAY_SECRET")),
		Logger: slog.Default(), // rejected notifications are logged as warnings
	})
	if err != nil {
		log.Fatal(err)
	}

	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		order, err := client.CreateOrder(r.Context(), ispay.CreateOrderRequest{
			OrderNo: "20191118123424", // unique; store it with the amount before you create it
			Channel: ispay.ChannelAlipay,
			Amount:  money.Cents(30000), // 300.00 yuan
			PayerIP: "203.0.113.7", NotifyURL: "https://shop.example.com/notify",
		})
		if err != nil {
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
		<-ctx.Done()
		_ = server.Shutdown(context.WithoutCancel(ctx))
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		log.Fatal(err)
	}
}
