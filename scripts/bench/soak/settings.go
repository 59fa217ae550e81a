package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"bcs-storage/scripts/bench/service"
)

// The limits of the service: so small that they are hit.
const (
	headerTimeout   = 2 * time.Second
	bodyTimeout     = 2 * time.Second
	requestTimeout  = 10 * time.Second
	writeTimeout    = 2 * time.Second
	idleTimeout     = 30 * time.Second
	shutdownTimeout = 5 * time.Second
	maxBody         = 256 << 10
	maxInFlight     = 8
	callerRate      = 120
	pooled          = 8 // connections to MongoDB
)

// settings are those of the service, as environment variables.
func settings(o service.Options, tokens string) []string {
	all := []string{
		"BCS_STORAGE_AUTH_TOKENS=" + tokens,
		"BCS_STORAGE_HTTP_STATUS=semantic", // so that a fault of the service is a 500
		fmt.Sprintf("BCS_STORAGE_HTTP_MAX_BODY_BYTES=%d", maxBody),
		"BCS_STORAGE_HTTP_SHUTDOWN_TIMEOUT=" + shutdownTimeout.String(),
		"BCS_STORAGE_LIMITS_HEADER_TIMEOUT=" + headerTimeout.String(),
		"BCS_STORAGE_LIMITS_BODY_TIMEOUT=" + bodyTimeout.String(),
		"BCS_STORAGE_LIMITS_REQUEST_TIMEOUT=" + requestTimeout.String(),
		"BCS_STORAGE_LIMITS_WRITE_TIMEOUT=" + writeTimeout.String(),
		"BCS_STORAGE_LIMITS_IDLE_TIMEOUT=" + idleTimeout.String(),
		fmt.Sprintf("BCS_STORAGE_LIMITS_MAX_IN_FLIGHT=%d", maxInFlight),
		fmt.Sprintf("BCS_STORAGE_LIMITS_CALLER_RATE=%d", callerRate),
		fmt.Sprintf("BCS_STORAGE_LIMITS_CALLER_BURST=%d", callerRate),
		"BCS_STORAGE_RETENTION_INTERVAL=20s", // a sweep is no rest: there has to be time between two
		"BCS_STORAGE_RETENTION_EVENTS_MAX_PER_CLUSTER=500",
		"BCS_STORAGE_RETENTION_ALARMS_MAX_PER_CLUSTER=0",
		"BCS_STORAGE_LOG_FORMAT=json",
	}
	if o.Storage == service.StorageMongoDB {
		// A pool that grew with the load would look like a leak of descriptors.
		all = append(all, fmt.Sprintf("BCS_STORAGE_MONGODB_MIN_POOL_SIZE=%d", pooled), fmt.Sprintf("BCS_STORAGE_MONGODB_MAX_POOL_SIZE=%d", pooled))
	}
	return all
}

// tokens are the callers' tokens, and the file that tells the service of them.
type tokens struct {
	file, admin, reader, remover, stranger string
	owners                                 []string // by client
}

// The clusters that no client owns.
const (
	viewsCluster = "SOAK-VIEWS"
	bigCluster   = "SOAK-BIG"
)

func ownCluster(client int) string { return fmt.Sprintf("SOAK-%03d", client) }

// hostsCluster is what the client relates hosts to.
func hostsCluster(client int) string { return ownCluster(client) + "-HOSTS" }

// wildCluster is where the client puts what nobody keeps account of.
func wildCluster(client int) string { return ownCluster(client) + "-WILD" }

func writeTokens(dir string, clients int) (tokens, error) {
	t := tokens{
		file:  filepath.Join(dir, "tokens.yaml"),
		admin: "token-of-the-admin", reader: "token-of-the-reader", remover: "token-of-the-remover", stranger: "token-of-the-stranger",
	}
	var file strings.Builder
	row := func(name, token, verbs, clusters, more string) {
		fmt.Fprintf(&file, "- {name: %s, sha256: %q, verbs: [%s], clusters: [%s]%s}\n", name, fmt.Sprintf("%x", sha256.Sum256([]byte(token))), verbs, clusters, more)
	}
	row("admin", t.admin, "read, write, delete, secrets", `"*"`, ", rate: 100000")
	row("reader", t.reader, "read", `"SOAK-*"`, fmt.Sprintf(", maxList: %d", maxList))
	row("remover", t.remover, "delete", `"SOAK-*"`, "")
	row("stranger", t.stranger, "read, write, delete, secrets", "ELSEWHERE", "")
	for i := range clients {
		token := fmt.Sprintf("token-of-the-owner-%d", i)
		t.owners = append(t.owners, token)
		more := "" // limits.callerRate
		if i%2 == 0 {
			more = ", rate: 400, burst: 100"
		}
		row(fmt.Sprintf("owner-%d", i), token, "read, write, delete, secrets", fmt.Sprintf("%q", ownCluster(i)+"*"), more)
	}
	if err := os.WriteFile(t.file, []byte(file.String()), 0o600); err != nil {
		return t, fmt.Errorf("write the tokens: %w", err)
	}
	return t, nil
}

// maxList is what the reader may list at once.
const maxList = 50
