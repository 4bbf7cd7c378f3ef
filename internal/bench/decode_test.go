package bench

import (
	"encoding/json"
	"testing"

	"github.com/paygates/paygates-go/codepay"
	"github.com/paygates/paygates-go/gatepay"
	"github.com/paygates/paygates-go/ispay"
	"github.com/paygates/paygates-go/kechengcang"
	"github.com/paygates/paygates-go/pingpp"
)

// The responses of the documents, and the structs that read exactly them: whole numbers
// as int64, other amounts as json.Number, because neither passes through a float.

const ispayCreated = `{"success":true,"errorCode":0,"errorMsg":null,"order_id":"424843497502158848"}`

type ispayHead struct {
	Success   bool   `json:"success"`
	ErrorCode int64  `json:"errorCode"`
	ErrorMsg  string `json:"errorMsg"`
	OrderID   string `json:"order_id"`
}

const ispayPaid = `{"success":true,"errorCode":0,"errorMsg":null,"order":{"sn":"20191118123424","state":9,"qrcode":"","imgtext":"",` +
	`"notifyurl":"http://.../notifyurl/id","returnurl":"http://.../return/id","returning":true,"amount":300.00,"ip":"127.0.0.1",` +
	`"paytype":"P901","create_time":"2019-10-15 17:04:00"}}`

type ispayOrder struct {
	ispayHead
	Order struct {
		SN         string      `json:"sn"`
		State      int64       `json:"state"`
		QRCode     string      `json:"qrcode"`
		ImageText  string      `json:"imgtext"`
		NotifyURL  string      `json:"notifyurl"`
		ReturnURL  string      `json:"returnurl"`
		Returning  bool        `json:"returning"`
		Amount     json.Number `json:"amount"`
		IP         string      `json:"ip"`
		PayType    string      `json:"paytype"`
		CreateTime string      `json:"create_time"`
	} `json:"order"`
}

const codepayCreated = `{"msg":"ok","qrcode":"//codepay.fateqq.com/qr/1/3/100/0.png","status":0,"chart":"utf-8","order_id":888888888,` +
	`"pay_id":"admin","type":1,"price":"100.00","money":"100.00","userID":1,"notiry_key":"codepay_notiry_key","tag":0,` +
	`"serverTime":1481453112,"endTime":1481453412}`

type codepayOrder struct {
	Message    string `json:"msg"`
	QRCode     string `json:"qrcode"`
	Status     int64  `json:"status"`
	Charset    string `json:"chart"`
	OrderID    int64  `json:"order_id"`
	PayID      string `json:"pay_id"`
	Type       int64  `json:"type"`
	Price      string `json:"price"`
	Money      string `json:"money"`
	UserID     int64  `json:"userID"`
	NotifyKey  string `json:"notiry_key"`
	Tag        int64  `json:"tag"`
	ServerTime int64  `json:"serverTime"`
	EndTime    int64  `json:"endTime"`
}

const codepayPaid = `{"status":1,"msg":"ok","order_id":888888888,"pay_id":"admin","pay_no":"20170217200040022100010042408995","money":"100.00"}`

type codepayState struct {
	Status  int64  `json:"status"`
	Message string `json:"msg"`
	OrderID int64  `json:"order_id"`
	PayID   string `json:"pay_id"`
	PayNo   string `json:"pay_no"`
	Money   string `json:"money"`
}

// The cloudpay response, which carries no image.
const gatepayCreated = `{"code":100,"msg":"请求成功","time":"1556614084","data":{"pay_url":"https://cloud.gatepay.io\/pay\/api?id=5cc75a6a0b418&type=alipay",` +
	`"qrcode_url":"https://cloud.gatepay.io/qrcode\/buildsize=130&text=https://cloud.gatepay.io%2Fpay%2Fapi%3Fid%3D5cc75a6a0b418%26type%3Dalipay",` +
	`"params":{"appkey":"098f6bcd4621d373cade4e832627b4f6","price":"0.82","type":"alipay","out_order_id":"5cc75a6a0b418","custom":"test_user",` +
	`"sign":"45f46863f10965c0f0671fb738efb13e"}}}`

type gatepayHead struct {
	Code    int64  `json:"code"`
	Message string `json:"msg"`
	Time    string `json:"time"`
}

type gatepayOrder struct {
	gatepayHead
	Data struct {
		PayURL    string            `json:"pay_url"`
		QRCodeURL string            `json:"qrcode_url"`
		Params    map[string]string `json:"params"`
	} `json:"data"`
}

const gatepayPaid = `{"code":100,"msg":"请求成功","time":"1557056209","data":{"order_id":522,"order_name":"任意金额支付:1.88元",` +
	`"order_price":"1.88","order_type":"alipay","order_status":"paid"}}`

type gatepayState struct {
	gatepayHead
	Data struct {
		OrderID     int64  `json:"order_id"`
		OrderName   string `json:"order_name"`
		OrderPrice  string `json:"order_price"`
		OrderType   string `json:"order_type"`
		OrderStatus string `json:"order_status"`
	} `json:"data"`
}

const (
	kechengcangResult = `{"id":"YOw3MgLZ7RWGylz4","title":"\u6d4b\u8bd5","remark":"xx","fee":2000,"currency":1,` +
		`"pay_fee":11111,"pay_currency":5,"pay_account":"","receipt_account":"0xE4758EF12D49893581f71e6abdfB1ddA16a043ab","callback_url":"",` +
		`"redirect_url":"","pay_status":3,"status":1,"callback_status":1,"callback_at":null,"callback_times":0,"pay_finish_at":null,` +
		`"pay_refresh_at":null,"pay_submit_at":null,"created_at":"","updated_at":"","deleted_at":null,"app_id":"","tv_url":""}`
	kechengcangPaid = `{"code":200,"message":"ok","result":` + kechengcangResult + `}`
)

type kechengcangOrder struct {
	Code    int64  `json:"code"`
	Message string `json:"message"`
	Result  struct {
		ID             string `json:"id"`
		Title          string `json:"title"`
		Remark         string `json:"remark"`
		Fee            int64  `json:"fee"`
		Currency       int64  `json:"currency"`
		PayFee         int64  `json:"pay_fee"`
		PayCurrency    int64  `json:"pay_currency"`
		PayAccount     string `json:"pay_account"`
		ReceiptAccount string `json:"receipt_account"`
		CallbackURL    string `json:"callback_url"`
		RedirectURL    string `json:"redirect_url"`
		PayStatus      int64  `json:"pay_status"`
		Status         int64  `json:"status"`
		CallbackStatus int64  `json:"callback_status"`
		CallbackAt     string `json:"callback_at"`
		CallbackTimes  int64  `json:"callback_times"`
		PayFinishAt    string `json:"pay_finish_at"`
		PayRefreshAt   string `json:"pay_refresh_at"`
		PaySubmitAt    string `json:"pay_submit_at"`
		CreatedAt      string `json:"created_at"`
		UpdatedAt      string `json:"updated_at"`
		DeletedAt      string `json:"deleted_at"`
		AppID          string `json:"app_id"`
		TVURL          string `json:"tv_url"`
	} `json:"result"`
}

// The credential is shortened.
const (
	pingppPaid = `{"order_no":"12134676899915430002","extra":{},"app":"app_GuHu9Of9KaTG5GiT","livemode":true,"currency":"cny","time_settle":null,` +
		`"time_expire":1466236251,"id":"ch_WrHW58Ki5unLCSuf54OuHKCS","subject":1,"failure_msg":null,"channel":"alipay",` +
		`"metadata":{"order_id":"1","buyer":"15201052252","names":"collection的使用","order_no":"12134676899915430002","courses":"1"},` +
		`"body":"12134676899915430002","credential":{"alipay":{"orderInfo":"service=1"},"object":"credential"},"client_ip":"127.0.0.1",` +
		`"description":null,"amount_refunded":0,"refunded":false,"object":"charge","paid":true,"amount_settle":9900,"time_paid":1466149911,` +
		`"failure_code":null,"refunds":{"url":"/v1/charges/ch_WrHW58Ki5unLCSuf54OuHKCS/refunds","has_more":false,"object":"list","data":[]},` +
		`"created":1466149851,"transaction_no":null,"amount":9900}`
	pingppCreated = `{"status":0,"message":"","ch":` + pingppPaid + `}`
	pingppEvent   = `{"id":"evt_1","created":1434368075,"livemode":true,"type":"charge.succeeded","data":{"object":` + pingppPaid +
		`},"object":"event","pending_webhooks":0,"request":"iar_1"}`
)

type pingppCharge struct {
	OrderNo    string            `json:"order_no"`
	Extra      map[string]string `json:"extra"`
	App        string            `json:"app"`
	LiveMode   bool              `json:"livemode"`
	Currency   string            `json:"currency"`
	TimeSettle int64             `json:"time_settle"`
	TimeExpire int64             `json:"time_expire"`
	ID         string            `json:"id"`
	Subject    int64             `json:"subject"`
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
	AmountRefunded int64  `json:"amount_refunded"`
	Refunded       bool   `json:"refunded"`
	Object         string `json:"object"`
	Paid           bool   `json:"paid"`
	AmountSettle   int64  `json:"amount_settle"`
	TimePaid       int64  `json:"time_paid"`
	FailureCode    string `json:"failure_code"`
	Refunds        struct {
		URL     string   `json:"url"`
		HasMore bool     `json:"has_more"`
		Object  string   `json:"object"`
		Data    []string `json:"data"`
	} `json:"refunds"`
	Created       int64  `json:"created"`
	TransactionNo string `json:"transaction_no"`
	Amount        int64  `json:"amount"`
}

type pingppOrder struct {
	Status  int64        `json:"status"`
	Message string       `json:"message"`
	Charge  pingppCharge `json:"ch"`
}

type pingppNotification struct {
	ID       string `json:"id"`
	Created  int64  `json:"created"`
	LiveMode bool   `json:"livemode"`
	Type     string `json:"type"`
	Data     struct {
		Object pingppCharge `json:"object"`
	} `json:"data"`
	Object          string `json:"object"`
	PendingWebhooks int64  `json:"pending_webhooks"`
	Request         string `json:"request"`
}

func BenchmarkDecode(b *testing.B) {
	decoding[ispayOrder](b, "ispay", ispayPaid, func(body []byte) error { _, err := ispay.DecodeOrder(body); return err })
	decoding[codepayOrder](b, "codepay", codepayCreated, func(body []byte) error { _, err := codepay.DecodeCreatedOrder(body); return err })
	decoding[gatepayState](b, "gatepay", gatepayPaid, func(body []byte) error { _, err := gatepay.DecodeOrder(body); return err })
	decoding[kechengcangOrder](b, "kechengcang", kechengcangPaid, func(body []byte) error { _, err := kechengcang.DecodeOrder(body); return err })
	decoding[pingppCharge](b, "pingpp", pingppPaid, func(body []byte) error { _, err := pingpp.DecodeCharge(body); return err })
}

// decoding measures a decoder beside encoding/json and a struct T.
func decoding[T any](b *testing.B, name, response string, decode func([]byte) error) {
	b.Helper()
	body := []byte(response)
	beside(b, name, func() error {
		var into T
		return json.Unmarshal(body, &into)
	}, func() error { return decode(body) })
}
