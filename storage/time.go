package storage

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// TimeFormat is how the service writes an instant: RFC 3339, UTC, millisecond.
const TimeFormat = "2006-01-02T15:04:05.000Z"

// FormatTime writes t in TimeFormat.
func FormatTime(t time.Time) string { return t.UTC().Format(TimeFormat) }

// AppendTime appends t in TimeFormat.
func AppendTime(dst []byte, t time.Time) []byte { return t.UTC().AppendFormat(dst, TimeFormat) }

// zonedLayouts and localLayouts are the spellings of an instant that watchers
// and callers use. Go's parser takes a fraction after the seconds of any of them.
var (
	zonedLayouts = []string{time.RFC3339, "2006-01-02T15:04:05-0700", "2006-01-02 15:04:05-07:00", "2006-01-02 15:04:05 -0700 MST"}
	localLayouts = []string{"2006-01-02 15:04:05", "2006-01-02T15:04:05"}
)

// ParseTime reads an instant in any of the spellings that occur: RFC 3339 with
// any zone and fraction (Go's zero time too), "2006-01-02 15:04:05" or the same
// with a T (read in loc, nil is UTC), and unix seconds in digits.
// The year is between 0 and 9999, so that FormatTime can write it.
func ParseTime(s string, loc *time.Location) (time.Time, bool) {
	if len(s) < 1 || len(s) > 64 {
		return time.Time{}, false
	}
	if strings.IndexByte(s, ':') < 0 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			return time.Time{}, false
		}
		return UnixTime(n)
	}
	if loc == nil {
		loc = time.UTC
	}
	for _, layout := range layoutsFor(s) {
		if t, err := time.ParseInLocation(layout, s, loc); err == nil {
			return inRange(t)
		}
	}
	return time.Time{}, false
}

// layoutsFor are the layouts that can fit s: a layout that does not costs a
// parse and an error, for every document that a time range looks at.
func layoutsFor(s string) []string {
	const date = len("2006-01-02T")
	if len(s) > date && strings.ContainsAny(s[date:], "Z+-") {
		return zonedLayouts
	}
	return localLayouts
}

// UnixTime is the instant of so many seconds since 1970; false when FormatTime
// could not write its year.
func UnixTime(seconds int64) (time.Time, bool) {
	if seconds < minUnix || seconds > maxUnix {
		return time.Time{}, false
	}
	return time.Unix(seconds, 0).UTC(), true
}

const (
	minUnix = -62167219200 // 0000-01-01T00:00:00Z
	maxUnix = 253402300799 // 9999-12-31T23:59:59Z
)

func inRange(t time.Time) (time.Time, bool) {
	return t, t.Unix() >= minUnix && t.Unix() <= maxUnix
}

// InstantOf normalises a JSON value to an instant: a string as ParseTime reads
// it in UTC, a number as unix seconds. Anything else is no instant.
func InstantOf(value []byte) (time.Time, bool) {
	v, ok := scalarOf(value)
	if !ok {
		return time.Time{}, false
	}
	switch v.kind {
	case kindString:
		return ParseTime(v.text, time.UTC)
	case kindNumber:
		f, err := strconv.ParseFloat(v.text, 64)
		if err != nil || math.IsNaN(f) || f < minUnix || f >= maxUnix+1 {
			return time.Time{}, false
		}
		whole := math.Floor(f)
		return time.Unix(int64(whole), int64((f-whole)*1e9)).UTC(), true
	}
	return time.Time{}, false
}
