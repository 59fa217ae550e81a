package conf

import (
	"errors"
	"regexp"
	"slices"
	"strings"
)

// Variables that are not settings of the server: where `import` sends what it reads, and as whom.
const (
	EnvServer  = "BCS_STORAGE_SERVER"
	EnvCluster = "BCS_STORAGE_CLUSTER"
	EnvToken   = "BCS_STORAGE_TOKEN"
	EnvCA      = "BCS_STORAGE_CA"
)

const prefix = "BCS_STORAGE_"

// serviceLink is a variable that Kubernetes puts into every pod of a namespace that has a Service named bcs-storage or
// bcs-storage-something. Nobody set it, so it must not keep the server from starting. The value is part of the pattern:
// BCS_STORAGE_PORT=tcp://10.0.0.1:50024 is a link, BCS_STORAGE_PORT=50024 is somebody's mistake.
var serviceLink = regexp.MustCompile(`^BCS_STORAGE_([A-Z0-9_]+_)?(` +
	`SERVICE_HOST=[0-9a-fA-F.:]+|` +
	`SERVICE_PORT(_[A-Z0-9_]+)?=[0-9]+|` +
	`PORT(_[0-9]+_(TCP|UDP|SCTP))?=(tcp|udp|sctp)://.*|` +
	`PORT_[0-9]+_(TCP|UDP|SCTP)_(PROTO=(tcp|udp|sctp)|PORT=[0-9]+|ADDR=[0-9a-fA-F.:]+))$`)

// Lookup returns the value of a variable in environ, which is in the form of os.Environ. As for a started program, the
// last one counts. An empty value is a value.
func Lookup(environ []string, name string) (value string, given bool) {
	for _, entry := range slices.Backward(environ) {
		if value, given = strings.CutPrefix(entry, name+"="); given {
			return value, true
		}
	}
	return "", false
}

// CheckEnviron names every variable of environ that begins with BCS_STORAGE_ and that no command knows. Load does so too.
func CheckEnviron(environ []string) error {
	return errors.Join(unknownVariables(environ)...)
}

func unknownVariables(environ []string) []error {
	var found []error
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, prefix) && !knownVariable(name) && !serviceLink.MatchString(entry) {
			found = append(found, problem{key: name, reason: "unknown environment variable"})
		}
	}
	return found
}

func knownVariable(name string) bool {
	return slices.Contains([]string{EnvConfig, EnvServer, EnvCluster, EnvToken, EnvCA}, name) ||
		slices.ContainsFunc(table, func(s Setting) bool { return s.Env == name })
}
