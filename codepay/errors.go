package codepay

import (
	"errors"

	"github.com/paygates/paygates-go"
)

// ErrListenerOffline is returned when the software that watches the merchant's account
// (监听软件) is offline, status -8. See [Client.CreateOrder].
var ErrListenerOffline = errors.New("the listening software is offline, payments are not noticed")

// The statuses below 0, the Code of a *paygates.Error. Of a create the document has -1
// (失败) and -2 (参数有误), of the query clients know -1 and -6 (wrong token).
var (
	createCodes = map[int64]error{-8: ErrListenerOffline} // seen, not documented
	queryCodes  = map[int64]error{-1: paygates.ErrOrderNotFound}
)
