package codepaytest

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/paygates/paygates-go/gatewaytest"
	"github.com/paygates/paygates-go/money"
)

// created is the response to a create, in the order of the document's sample.
type created struct {
	Message    string `json:"msg"`
	QRCode     string `json:"qrcode,omitempty"`
	Status     int    `json:"status"`
	Charset    string `json:"chart,omitempty"`
	OrderID    string `json:"order_id,omitempty"`
	PayID      string `json:"pay_id,omitempty"`
	Type       int    `json:"type,omitempty"`
	Price      string `json:"price,omitempty"`
	Money      string `json:"money,omitempty"`
	UserID     int    `json:"userID,omitempty"`
	NotifyKey  string `json:"notiry_key,omitempty"`
	Tag        int    `json:"tag"`
	ServerTime int64  `json:"serverTime,omitempty"`
	EndTime    int64  `json:"endTime,omitempty"`
}

var (
	priceShape      = regexp.MustCompile(`^[0-9]{1,5}(\.[0-9]{1,2})?$`)
	identifierShape = regexp.MustCompile(`^[A-Za-z_$][0-9A-Za-z_$]*$`)
	timeoutShape    = regexp.MustCompile(`^[0-9]{0,6}$`)
)

func (s *Server) create(w http.ResponseWriter, r *http.Request) {
	f := last(parameters(r))
	if status, message := s.check(f); status != 0 {
		respond(w, f["call"], created{Status: status, Message: message})
		return
	}
	s.mu.Lock()
	shift, status, message := s.shift, s.status, s.message
	s.mu.Unlock()
	price, _ := money.Parse(f["price"])
	if (status != 0 && status != -8) || price+shift <= 0 {
		if status == 0 {
			status, message = -1, "creat fail"
		}
		respond(w, f["call"], created{Status: status, Message: message})
		return
	}
	order := s.add(f, price, price+shift)
	if page := f["page"]; page != "3" && page != "4" {
		s.showCashier(w, r, order)
		return
	}
	made := s.created(order)
	if status != 0 {
		made.Status, made.Message = status, message
	}
	respond(w, f["call"], made)
}

// parameters returns those of the body of a POST, and those of the query otherwise.
func parameters(r *http.Request) url.Values {
	if r.Method == http.MethodPost {
		if form := gatewaytest.Form(r); len(form) > 0 {
			return form
		}
	}
	return gatewaytest.Query(r.URL.RawQuery)
}

// check returns the status and the message for parameters that the document does not
// allow, 0 for good ones.
func (s *Server) check(f map[string]string) (status int, message string) {
	price, err := money.Parse(f["price"])
	switch {
	case f["key"] != "": // the key must never be sent
		return -2, "undefined"
	case len(f["pay_id"]) > 100, len(f["param"]) > 100, len(f["notify_url"]) > 100:
		return -2, "too long"
	case f["pay_id"] == "", err != nil, price == 0, !priceShape.MatchString(f["price"]):
		return -2, "undefined"
	case !oneOf(f["type"], "", "1", "2", "3"), !oneOf(f["act"], "", "0", "1"), !oneOf(f["pay_type"], "", "0", "1"),
		!oneOf(f["page"], "", "1", "2", "3", "4"), !oneOf(strings.ToLower(f["chart"]), "", "utf-8", "gb2312", "gbk"),
		!timeoutShape.MatchString(f["outTime"]), f["call"] != "" && !identifierShape.MatchString(f["call"]):
		return -2, "undefined"
	case f["id"] != UserID, f["sign"] == "" && f["token"] != Token:
		return -1, "sign fail"
	case f["sign"] != "" && (f["type"] == "" || !s.signed(f)):
		return -1, "sign fail"
	}
	return 0, ""
}

func oneOf(value string, allowed ...string) bool { return slices.Contains(allowed, value) }

func (s *Server) add(f map[string]string, price, payable money.Amount) gatewaytest.Order {
	f["type"], f["price"], f["money"] = cmp.Or(f["type"], "1"), price.String(), payable.String()
	order := gatewaytest.Order{
		ID: s.NextID(), OrderNo: decode(f["chart"], f["pay_id"]),
		Amount: price, Currency: "CNY", Channel: f["type"], State: "0",
		NotifyURL: f["notify_url"], ReturnURL: f["return_url"], Fields: f,
	}
	// The pay_id names its newest order, unless it is the number of another one.
	_ = s.Update(order.OrderNo, func(older *gatewaytest.Order) {
		if older.OrderNo == order.OrderNo {
			older.OrderNo = ""
		}
	})
	if !s.Add(order) {
		order.OrderNo = ""
		s.Add(order)
	}
	order, _ = s.Order(order.ID)
	return order
}

func (s *Server) created(order gatewaytest.Order) created {
	f := order.Fields
	channel, _ := strconv.Atoi(order.Channel)
	userID, _ := strconv.Atoi(UserID)
	timeout, _ := strconv.ParseInt(f["outTime"], 10, 64)
	qrCode := s.URL + "/qr/" + order.ID + "/0.png"
	if own := f["qrcode_url"]; own != "" {
		qrCode = own + "?type=" + order.Channel + "&money=" + f["money"] + "&tag=0"
	}
	chart := cmp.Or(f["chart"], "utf-8")
	now := order.CreatedAt.Unix()
	return created{
		Message: "ok", QRCode: qrCode, Charset: chart, OrderID: order.ID, PayID: decode(chart, f["pay_id"]),
		Type: channel, Price: f["price"], Money: f["money"], UserID: userID,
		NotifyKey: "example-notiry-key", ServerTime: now, EndTime: now + cmp.Or(timeout, 360),
	}
}
