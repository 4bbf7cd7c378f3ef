package loosejson

import (
	"strconv"
	"strings"
	"time"
)

// Shanghai is the time zone of the gateways: UTC+8 all year.
var Shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// ParseTime reads a time as gateways write it: "2006-01-02 15:04:05", ISO 8601, or Unix
// seconds or milliseconds with or without decimals. zone is the zone of a time that
// names none. "", "0", MySQL's "0000-00-00 00:00:00" and every time before 1971 are the
// zero time: programs print the beginning of their calendar for none, such as 1970 or 0001.
func ParseTime(text string, zone *time.Location) (at time.Time, ok bool) {
	text = strings.TrimSpace(text)
	if text == "" || text == "0" || strings.HasPrefix(text, "0000-00-00") {
		return time.Time{}, true
	}
	if at, ok := parseUnix(text); ok {
		return at.In(Shanghai), true
	}
	for _, layout := range [...]string{
		time.DateTime, time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04:05Z0700",
		"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04", "2006/01/02 15:04:05", "20060102150405", time.DateOnly,
	} {
		at, err := time.ParseInLocation(layout, text, zone)
		switch {
		case err != nil:
			continue
		case at.Year() < 1971:
			return time.Time{}, true
		default:
			return at.In(Shanghai), true
		}
	}
	return time.Time{}, false
}

// parseUnix reads Unix seconds of 9 or 10 digits, 1973 to 2286, or milliseconds of 13. Twelve
// digits are more likely a date without separators. Decimals are dropped.
func parseUnix(text string) (at time.Time, ok bool) {
	whole, decimals, _ := strings.Cut(text, ".")
	if strings.Trim(whole, "0123456789") != "" || strings.Trim(decimals, "0123456789") != "" {
		return time.Time{}, false
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	switch {
	case err != nil:
		return time.Time{}, false
	case len(whole) == 9 || len(whole) == 10:
		return time.Unix(n, 0), true
	case len(whole) == 13:
		return time.UnixMilli(n), true
	default:
		return time.Time{}, false
	}
}
