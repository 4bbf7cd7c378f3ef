package gatepay_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/paygates/paygates-go"
	"github.com/paygates/paygates-go/gatepay"
)

// row is a row of one of the document's tables of codes.
type row struct {
	code    int
	message string
	want    error
}

// The rows of every table. 103 occurs twice.
var commonRows = []row{
	{101, "秘钥必须", gatepay.ErrKeyRequired},
	{102, "无效的秘钥", gatepay.ErrInvalidKey},
	{103, "秘钥已过期", gatepay.ErrKeyExpiredOrSignatureMissing},
	{103, "签名必须", gatepay.ErrKeyExpiredOrSignatureMissing},
	{104, "无效的签名", gatepay.ErrSignatureRejected},
	{105, "参数缺失", gatepay.ErrParameterMissing},
	{106, "存在禁止传递的参数", gatepay.ErrParameterForbidden},
	{107, "api已关闭", gatepay.ErrAPIClosed},
	{108, "回调接口url未填写", gatepay.ErrCallbackURLUnset},
	{109, "通知接口url未填写", gatepay.ErrNotifyURLUnset},
	{110, "套餐已超额", gatepay.ErrPlanExceeded},
	{199, "未知错误", gatepay.ErrUnknown},
}

// The rows that the tables of anypay and cloudpay have from 201 on.
var anyPayRows = []row{
	{201, "价格无效", gatepay.ErrInvalidPrice},
	{202, "无效的支付方式", gatepay.ErrInvalidChannel},
	{203, "当前支付方式已关闭", gatepay.ErrChannelClosed},
	{204, "无可用支付方式", gatepay.ErrNoChannel},
	{205, "分类创建错误", gatepay.ErrCategoryNotCreated},
	{206, "产品创建错误", gatepay.ErrProductNotCreated},
	{207, "库存创建错误", gatepay.ErrStockNotCreated},
	{208, "队列创建错误", gatepay.ErrQueueNotCreated},
}

// The rows of each table from 201 on, and the first code that it does not have.
var specialRows = map[string][]row{
	"anypay":   append(slices.Clone(anyPayRows), row{209, "", nil}),
	"cloudpay": append(slices.Clone(anyPayRows), row{209, "非代理用户", gatepay.ErrNotAgent}, row{210, "", nil}),
	"grouppay": {
		{201, "无效的支付方式", gatepay.ErrInvalidChannel},
		{202, "当前支付方式已关闭", gatepay.ErrChannelClosed},
		{203, "无可用支付方式", gatepay.ErrNoChannel},
		{204, "组合内无有效库存商品", gatepay.ErrGroupOutOfStock},
		{205, "分类创建错误", gatepay.ErrCategoryNotCreated},
		{206, "产品创建错误", gatepay.ErrProductNotCreated},
		{207, "库存创建错误", gatepay.ErrStockNotCreated},
		{208, "队列创建错误", gatepay.ErrQueueNotCreated},
		{209, "", nil},
	},
	"stablepay": {
		{201, "无效的支付方式", gatepay.ErrInvalidChannel},
		{202, "当前支付方式已关闭", gatepay.ErrChannelClosed},
		{203, "无可用支付方式", gatepay.ErrNoChannel},
		{204, "队列创建错误", gatepay.ErrQueueNotCreated},
		{205, "产品不可获得", gatepay.ErrProductUnavailable},
		{206, "当前产品无库存", gatepay.ErrOutOfStock},
		{207, "", nil},
	},
	"check": {
		{201, "订单不存在", paygates.ErrOrderNotFound},
		{202, "", nil},
	},
}

// The errors of all codes: a code is exactly one of them.
var meanings = []error{
	gatepay.ErrKeyRequired, gatepay.ErrInvalidKey, gatepay.ErrKeyExpiredOrSignatureMissing, gatepay.ErrSignatureRejected,
	gatepay.ErrParameterMissing, gatepay.ErrParameterForbidden, gatepay.ErrAPIClosed, gatepay.ErrCallbackURLUnset,
	gatepay.ErrNotifyURLUnset, gatepay.ErrPlanExceeded, gatepay.ErrUnknown, gatepay.ErrInvalidPrice,
	gatepay.ErrInvalidChannel, gatepay.ErrChannelClosed, gatepay.ErrNoChannel, gatepay.ErrCategoryNotCreated,
	gatepay.ErrProductNotCreated, gatepay.ErrStockNotCreated, gatepay.ErrQueueNotCreated, gatepay.ErrNotAgent,
	gatepay.ErrGroupOutOfStock, gatepay.ErrProductUnavailable, gatepay.ErrOutOfStock, paygates.ErrOrderNotFound,
}

func TestEveryCodeOfEveryTable(t *testing.T) {
	t.Parallel()
	calls := maps.Clone(creates)
	call := calls["anypay"]
	call.op, call.url = "query order", checkURL
	call.call = func(c *gatepay.Client, ctx context.Context) (*gatepay.CreatedOrder, error) {
		order, err := c.QueryOrder(ctx, "5cc75a6a0b418")
		assert.Nil(t, order)
		return nil, err
	}
	calls["check"] = call

	for name, special := range specialRows {
		call := calls[name]
		rows := append(append([]row{}, commonRows...), special...)
		rows = append(rows, row{0, "页面错误", nil}, row{1, "ok", nil}, row{-1, "", nil}, row{111, "new", nil}, row{200, "new", nil}, row{999, "new", nil})
		for _, row := range rows {
			t.Run(fmt.Sprint(name, " ", row.code, " ", row.message), func(t *testing.T) {
				t.Parallel()
				client, mock := setup(t)
				body := fmt.Sprintf(`{"code":%d,"msg":%q,"time":"1556614084","data":""}`, row.code, row.message)
				mock.RegisterResponder("POST", call.url, httpmock.NewStringResponder(200, body))
				mock.RegisterResponder("GET", call.url, httpmock.NewStringResponder(200, body))
				order, err := call.call(client, context.Background())
				assert.Nil(t, order)
				var failed *paygates.Error
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, call.op, failed.Op)
				assert.Equal(t, 200, failed.HTTPStatus)
				assert.Equal(t, strconv.Itoa(row.code), failed.Code)
				assert.Equal(t, row.message, failed.Message)
				assert.Equal(t, body, string(failed.Body.Reveal()))
				for _, meaning := range meanings {
					assert.Equal(t, meaning == row.want, errors.Is(err, meaning), meaning) //nolint:errorlint // one value and no other
				}
				assert.ErrorContains(t, err, row.message)
				assert.ErrorContains(t, err, fmt.Sprint("code ", row.code))
				// 199 does not say that no order was created.
				unknown := row.code == 199 && name != "check"
				assert.Equal(t, unknown, errors.Is(err, paygates.ErrOutcomeUnknown), err)
				assert.NotErrorIs(t, err, paygates.ErrBadResponse)
				assert.Equal(t, 1, mock.GetTotalCallCount())
			})
		}
	}
}

// PHP writes empty data in many ways. A code counts with all of them.
func TestACodeWithOddData(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"code":201,"data":[]}`, `{"data":[],"code":201}`, `{"data":"","code":"201"}`, `{"code":201,"data":{"pay_url":[1]}}`,
		`{"code":201,"data":null}`, `{"code":201}`, `{"code":201,"time":"today"}`, `{"data":false,"code":201}`,
	} {
		client, mock := setup(t)
		mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(200, body))
		_, err := client.CreateOrder(context.Background(), request())
		require.ErrorIs(t, err, gatepay.ErrInvalidPrice, body)
		require.NotErrorIs(t, err, paygates.ErrOutcomeUnknown, body)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	client, mock := setup(t)
	mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(200, `{"code":201,"msg":"价格无效","data":[]}`))
	_, err := client.CreateOrder(context.Background(), request())
	require.EqualError(t, err, "gatepay: create order: code 201: 价格无效: price is invalid")

	mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(200, `{"code":777,"msg":"a\nb`+strings.Repeat("x", 500)+`"}`))
	_, err = client.CreateOrder(context.Background(), request())
	assert.ErrorContains(t, err, "gatepay: create order: code 777: a?bxxx")
	assert.Less(t, len(err.Error()), 300)

	mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(500, `{"code":201,"msg":"价格无效"}`))
	_, err = client.CreateOrder(context.Background(), request())
	require.ErrorIs(t, err, paygates.ErrOutcomeUnknown)
	require.ErrorIs(t, err, gatepay.ErrInvalidPrice)

	mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(500, `{"code":199}`))
	_, err = client.CreateOrder(context.Background(), request())
	assert.Equal(t, 1, strings.Count(err.Error(), "outcome unknown"))

	mock.RegisterResponder("POST", anyPayURL, httpmock.NewStringResponder(200, `{"code":199,"msg":"未知错误"}`))
	_, err = client.CreateOrder(context.Background(), request())
	require.EqualError(t, err, "gatepay: create order: code 199: 未知错误: "+
		"outcome unknown: query the order, do not create it again (unknown gateway error (199))")
}
