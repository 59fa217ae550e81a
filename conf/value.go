package conf

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// parse turns what a source holds for the setting into a value of the type of like. A flag or a variable is a string, a
// YAML file may hold anything. Nothing is converted by guess: 10.7 is not a number of things, 360 is not a duration and
// 007 is not a path, though a lenient decoder would read 10, 360 ns and "7".
func (s Setting) parse(raw, like any) (any, error) {
	if raw == nil {
		return nil, errors.New("has no value")
	}
	switch like.(type) {
	case []string:
		return s.parseList(raw)
	case time.Duration:
		return s.parseDuration(raw)
	case bool:
		return s.parseBool(raw)
	case int:
		return parseInt(s, raw, strconv.Atoi)
	case int64:
		return parseInt(s, raw, func(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) })
	default:
		if _, ok := raw.(string); !ok {
			return nil, fmt.Errorf("%s is not text, put it in quotes", s.show(raw))
		}
		return raw, nil
	}
}

func (s Setting) parseDuration(raw any) (any, error) {
	if n, ok := raw.(int); ok && n == 0 {
		return time.Duration(0), nil
	}
	written, _ := raw.(string)
	d, err := time.ParseDuration(written)
	if err != nil {
		return nil, fmt.Errorf("%s is not a duration such as 10m or 1h30m", s.show(raw))
	}
	return d, nil
}

func (s Setting) parseBool(raw any) (any, error) {
	switch raw {
	case true, "true":
		return true, nil
	case false, "false":
		return false, nil
	}
	return nil, fmt.Errorf("%s is not true or false", s.show(raw))
}

func parseInt[N int | int64](s Setting, raw any, read func(string) (N, error)) (any, error) {
	if n, ok := raw.(int); ok {
		return N(n), nil
	}
	written, _ := raw.(string)
	n, err := read(written)
	if err != nil {
		return nil, fmt.Errorf("%s is not a whole number", s.show(raw))
	}
	return n, nil
}

func (s Setting) parseList(raw any) (any, error) {
	switch raw := raw.(type) {
	case string:
		return splitList(raw), nil
	case []any:
		list := make([]string, 0, len(raw))
		for _, item := range raw {
			word, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("%s is not text, put it in quotes", s.show(item))
			}
			list = append(list, word)
		}
		return list, nil
	default:
		return nil, fmt.Errorf("%s is not a list", s.show(raw))
	}
}

// splitList keeps the empty item of "a,,b" for the check to refuse; only an empty text is an empty list.
func splitList(text string) []string {
	list := []string{}
	if strings.TrimSpace(text) == "" {
		return list
	}
	for item := range strings.SplitSeq(text, ",") {
		list = append(list, strings.TrimSpace(item))
	}
	return list
}

// show is how a message names a value that cannot be read. A secret is not shown, even one of the wrong type.
func (s Setting) show(raw any) string {
	if s.Secret {
		return "the value"
	}
	if written, ok := raw.(string); ok {
		return strconv.Quote(written)
	}
	return fmt.Sprint(raw)
}

// number is what the bounds of a setting are compared with.
func number(value any) (int64, bool) {
	switch value := value.(type) {
	case int:
		return int64(value), true
	case int64:
		return value, true
	case time.Duration:
		return int64(value), true
	default:
		return 0, false
	}
}

// sameType makes a bound a value of the setting's type, so that it is printed like one.
func sameType(n int64, like any) any {
	if _, ok := like.(time.Duration); ok {
		return time.Duration(n)
	}
	return n
}

// text is a value as an operator would write it in a flag.
func text(value any) string {
	switch value := value.(type) {
	case time.Duration:
		return shortDuration(value)
	case []string:
		return strings.Join(value, ",")
	default:
		return fmt.Sprint(value)
	}
}

// shortDuration is 15m where Duration.String has 15m0s.
func shortDuration(d time.Duration) string {
	if d == 0 {
		return "0"
	}
	short := d.String()
	if strings.HasSuffix(short, "m0s") {
		short = strings.TrimSuffix(short, "0s")
	}
	if strings.HasSuffix(short, "h0m") {
		short = strings.TrimSuffix(short, "0m")
	}
	return short
}
