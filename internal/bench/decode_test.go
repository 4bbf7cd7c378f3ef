package bench

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
)

// decoding compares a decoder with encoding/json reading the same answer, its
// scalars quoted, into a plain struct of strings.
func decoding[T any](b *testing.B, name, answer string, plain T, decode func([]byte) error) {
	b.Helper()
	quoted := []byte(quote(answer))
	b.Run(name+"-floor", func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			into := plain
			if err := json.Unmarshal(quoted, &into); err != nil {
				b.Fatal(err)
			}
		}
	})
	body := []byte(answer)
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		for range b.N {
			if err := decode(body); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// quote turns every number, true, false and null of a compact JSON text into a
// string of about its size.
func quote(text string) string {
	var out strings.Builder
	inString := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\\' && inString:
			out.WriteByte(c)
			i++
			out.WriteByte(text[i])
		case c == '"':
			inString = !inString
			out.WriteByte(c)
		case inString || strings.IndexByte(" \n\t{}[]:,", c) >= 0:
			out.WriteByte(c)
		default:
			end := i + strings.IndexAny(text[i:], ",}] \n")
			out.WriteString(`"` + text[i:end] + `"`)
			i = end - 1
		}
	}
	return out.String()
}

func BenchmarkDecode(b *testing.B) {
	// The order of the ispay document.
	type ispayOrder struct {
		Success, ErrorCode, ErrorMsg string
		Order                        struct {
			SN         string `json:"sn"`
			State      string `json:"state"`
			QRCode     string `json:"qrcode"`
			ImageText  string `json:"imgtext"`
			NotifyURL  string `json:"notifyurl"`
			ReturnURL  string `json:"returnurl"`
			Returning  string `json:"returning"`
			Amount     string `json:"amount"`
			IP         string `json:"ip"`
			PayType    string `json:"paytype"`
			CreateTime string `json:"create_time"`
		} `json:"order"`
	}
	decoding(b, "ispay", `{"success":true,"errorCode":0,"errorMsg":null,"order":{"sn":"20191118123424","state":5,"qrcode":"","imgtext":"",`+
		`"notifyurl":"http://.../notifyurl/id","returnurl":"http://.../return/id","returning":true,"amount":2000.00,"ip":"127.0.0.1",`+
		`"paytype":"P901","create_time":"2019-10-15 17:04:00"}}`,
		ispayOrder{}, func(body []byte) error { _, err := ispay.DecodeOrder(body); return err })

	// The reply of the codepay document.
	type codepayReply struct {
		Message    string `json:"msg"`
		QRCode     string `json:"qrcode"`
		Status     string `json:"status"`
		Charset    string `json:"chart"`
		OrderID    string `json:"order_id"`
		PayID      string `json:"pay_id"`
		Type       string `json:"type"`
		Price      string `json:"price"`
		Money      string `json:"money"`
		UserID     string `json:"userID"`
		NotifyKey  string `json:"notiry_key"`
		Tag        string `json:"tag"`
		ServerTime string `json:"serverTime"`
		EndTime    string `json:"endTime"`
	}
	decoding(b, "codepay", codepayCreated, codepayReply{},
		func(body []byte) error { _, err := codepay.DecodeCreatedOrder(body); return err })

	// The order check of the gatepay document.
	type gatepayReply struct {
		Code, Msg, Time string
		Data            struct {
			OrderID     string `json:"order_id"`
			OrderName   string `json:"order_name"`
			OrderPrice  string `json:"order_price"`
			OrderType   string `json:"order_type"`
			OrderStatus string `json:"order_status"`
		}
	}
	decoding(b, "gatepay", gatepayPaid, gatepayReply{},
		func(body []byte) error { _, err := gatepay.DecodeOrder(body); return err })

	// The order of the kechengcang document.
	type kechengcangReply struct {
		Code, Message string
		Result        struct {
			ID             string `json:"id"`
			Title          string `json:"title"`
			Remark         string `json:"remark"`
			Fee            string `json:"fee"`
			Currency       string `json:"currency"`
			PayFee         string `json:"pay_fee"`
			PayCurrency    string `json:"pay_currency"`
			PayAccount     string `json:"pay_account"`
			ReceiptAccount string `json:"receipt_account"`
			CallbackURL    string `json:"callback_url"`
			RedirectURL    string `json:"redirect_url"`
			PayStatus      string `json:"pay_status"`
			Status         string `json:"status"`
			CallbackStatus string `json:"callback_status"`
			CallbackAt     string `json:"callback_at"`
			CallbackTimes  string `json:"callback_times"`
			PayFinishAt    string `json:"pay_finish_at"`
			PayRefreshAt   string `json:"pay_refresh_at"`
			PaySubmitAt    string `json:"pay_submit_at"`
			CreatedAt      string `json:"created_at"`
			UpdatedAt      string `json:"updated_at"`
			DeletedAt      string `json:"deleted_at"`
			AppID          string `json:"app_id"`
			TVURL          string `json:"tv_url"`
		}
	}
	decoding(b, "kechengcang", kechengcangCreated, kechengcangReply{},
		func(body []byte) error { _, err := kechengcang.DecodeOrder(body); return err })

	// The charge of the pingpp document.
	type pingppReply struct {
		OrderNo    string            `json:"order_no"`
		Extra      map[string]string `json:"extra"`
		App        string            `json:"app"`
		LiveMode   string            `json:"livemode"`
		Currency   string            `json:"currency"`
		TimeSettle string            `json:"time_settle"`
		TimeExpire string            `json:"time_expire"`
		ID         string            `json:"id"`
		Subject    string            `json:"subject"`
		FailureMsg string            `json:"failure_msg"`
		Channel    string            `json:"channel"`
		Metadata   map[string]string `json:"metadata"`
		Body       string            `json:"body"`
		Credential struct {
			Alipay struct {
				OrderInfo string `json:"orderInfo"`
			} `json:"alipay"`
			Object string `json:"object"`
		} `json:"credential"`
		ClientIP       string `json:"client_ip"`
		Description    string `json:"description"`
		AmountRefunded string `json:"amount_refunded"`
		Refunded       string `json:"refunded"`
		Object         string `json:"object"`
		Paid           string `json:"paid"`
		AmountSettle   string `json:"amount_settle"`
		TimePaid       string `json:"time_paid"`
		FailureCode    string `json:"failure_code"`
		Refunds        struct {
			URL     string   `json:"url"`
			HasMore string   `json:"has_more"`
			Object  string   `json:"object"`
			Data    []string `json:"data"`
		} `json:"refunds"`
		Created       string `json:"created"`
		TransactionNo string `json:"transaction_no"`
		Amount        string `json:"amount"`
	}
	decoding(b, "pingpp", pingppCharge, pingppReply{},
		func(body []byte) error { _, err := pingpp.DecodeCharge(body); return err })
}
