package checkout

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The default logger is read for each line, so that slog.SetDefault works after New.
//
//nolint:paralleltest // it changes the default logger
func TestTheDefaultLogger(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	var config Config
	config.setDefaults()
	var log bytes.Buffer
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	config.Logger.With("gateway", "ispay").Warn("a line", "order_no", "1")
	config.Logger.WithGroup("group").Info("another", "order_no", "2")
	config.Logger.Debug("hidden")
	assert.Contains(t, log.String(), `level=WARN msg="a line" gateway=ispay order_no=1`)
	assert.Contains(t, log.String(), `msg=another group.order_no=2`)
	assert.NotContains(t, log.String(), "hidden")
}
