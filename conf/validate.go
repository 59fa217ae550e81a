package conf

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/v2"
)

// problem is one thing that is wrong with one setting.
type problem struct {
	key    string
	reason string
	from   string // the file, variable or flag that gave the value; "" for a default or a Config made in code
}

func (p problem) Error() string {
	if p.from == "" {
		return p.key + ": " + p.reason
	}
	return fmt.Sprintf("%s: %s (from %s)", p.key, p.reason, p.from)
}

// Validate says everything that is wrong with c, one error per problem, joined. Each names its key.
func (c Config) Validate() error {
	return errors.Join(problems(valuesOf(c), nil)...)
}

// problems checks each value by its row, and the values against each other. from says how each key was given.
func problems(values *koanf.Koanf, from map[string]string) []error {
	var found []error
	for _, s := range table {
		for _, err := range s.problems(values) {
			found = append(found, problem{s.Key, err.Error(), from[s.Key]})
		}
	}
	if listen := values.String("listen"); values.String("auth.tokens") == "" && !values.Bool("insecureListen") && reachable(listen) {
		found = append(found, problem{"listen", fmt.Sprintf("%q can be reached from other machines and nobody is asked who they are; set auth.tokens, or insecureListen to allow that", listen), from["listen"]})
	}
	if listen := values.String("metrics.listen"); !values.Bool("insecureListen") && reachable(listen) {
		found = append(found, problem{"metrics.listen", fmt.Sprintf("%q can be reached from other machines, and a profile may show what is stored; set insecureListen to allow that", listen), from["metrics.listen"]})
	}
	return found
}

// reachable says whether a well-formed address is more than the machine's own loopback.
func reachable(listen string) bool {
	host, err := splitAddress(listen, 0)
	if err != nil || host == "localhost" {
		return false
	}
	ip := net.ParseIP(host)
	return ip == nil || !ip.IsLoopback()
}

func (s Setting) problems(values *koanf.Koanf) []error {
	value := values.Get(s.Key)
	return slices.DeleteFunc(
		[]error{s.check(value), s.effective(value, values)},
		func(err error) bool { return err == nil },
	)
}

// check holds a value against the words, the bounds and the syntax of its row.
func (s Setting) check(value any) error {
	if word, ok := value.(string); ok && len(s.Words) > 0 && !slices.Contains(s.Words, word) {
		return fmt.Errorf("%q is not %s", word, s.allowed(value))
	}
	if n, ok := number(value); ok && (n < s.AtLeast || s.AtMost > 0 && n > s.AtMost) {
		return fmt.Errorf("%s is not %s", text(value), s.allowed(value))
	}
	if s.syntax == nil {
		return nil
	}
	return s.syntax(value)
}

// effective refuses a value that nothing would read, because its author believes
// that it does something, and the absence of one that is needed.
func (s Setting) effective(value any, values *koanf.Koanf) error {
	if s.with != "" && text(value) != s.Default() && isZero(values.Get(s.with)) {
		return fmt.Errorf("has no effect without %s", s.with)
	}
	if s.needs == (choice{}) {
		return nil
	}
	chosen := values.String(s.needs.key) == s.needs.word
	switch given := text(value) != s.Default(); {
	case given && !chosen:
		return fmt.Errorf("has no effect without %s: %s", s.needs.key, s.needs.word)
	case !given && chosen && s.must:
		return fmt.Errorf("is needed with %s: %s", s.needs.key, s.needs.word)
	}
	return nil
}

func checkListen(value any) error {
	_, err := splitAddress(value.(string), 0)
	return err
}

// checkListenOrNot takes an empty address for no listener.
func checkListenOrNot(value any) error {
	if value == "" {
		return nil
	}
	return checkListen(value)
}

func checkServers(value any) error {
	var found []error
	for _, server := range value.([]string) {
		host, err := splitAddress(server, 1)
		if err == nil && host == "" {
			err = fmt.Errorf("%q has no host", server)
		}
		found = append(found, err)
	}
	return oneLine(errors.Join(found...))
}

// checkHosts holds names against what a Host header holds: no scheme, no path.
func checkHosts(value any) error {
	for _, host := range value.([]string) {
		if host == "" || strings.ContainsAny(host, "/ ") {
			return fmt.Errorf("%q is not a host name", host)
		}
	}
	return nil
}

func splitAddress(address string, leastPort uint64) (host string, err error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%q is not host:port", address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < leastPort {
		return "", fmt.Errorf("%q has no port from %d to 65535", address, leastPort)
	}
	return host, nil
}

// isZero is a setting that is not given, or is given as none.
func isZero(value any) bool { return value == "" || value == 0 }

// ParseRedact splits a word of auth.redact into the resource type and the dotted path.
func ParseRedact(word string) (resourceType, path string, err error) {
	resourceType, path, both := strings.Cut(word, ":")
	if !both || resourceType == "" || path == "" || slices.Contains(strings.Split(path, "."), "") {
		return "", "", fmt.Errorf("%q is not resourceType:path", word)
	}
	for part := range strings.SplitSeq(path, ".") {
		if _, err := strconv.Atoi(part); err == nil {
			return "", "", fmt.Errorf("%q: %s would be an element of an array; a path goes through all of them by itself", word, part)
		}
	}
	return resourceType, path, nil
}

func checkRedact(value any) error {
	for _, word := range value.([]string) {
		if _, _, err := ParseRedact(word); err != nil {
			return err
		}
	}
	return nil
}

func checkPath(value any) error {
	if value.(string) == "" {
		return errors.New("is empty")
	}
	return nil
}

// checkDatabase holds a name against what MongoDB allows.
func checkDatabase(value any) error {
	name := value.(string)
	if name == "" || len(name) > 63 || strings.ContainsAny(name, "/\\. \"$*<>:|?\x00") {
		return fmt.Errorf("%q is not the name of a database", name)
	}
	return nil
}

// checkTimeZone refuses "" and "Local" too, though LoadLocation takes them: an answer must not depend on the machine.
func checkTimeZone(value any) error {
	name := value.(string)
	if _, err := time.LoadLocation(name); err != nil || name == "" || name == "Local" {
		return fmt.Errorf("%q is not the name of a time zone such as UTC or Asia/Shanghai", name)
	}
	return nil
}

// oneLine keeps a problem on one line, as the caller prints one problem per line.
func oneLine(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(strings.ReplaceAll(err.Error(), "\n", ", "))
}
