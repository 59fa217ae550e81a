package conf

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Setting is one row of the table that flags, environment variables, checks and printed comments are made from.
type Setting struct {
	Key     string // path in the YAML file, and in Config
	Flag    string // name of the flag of `serve` and `config`, "" when there is none
	Env     string // environment variable
	Comment string // for operators: one or more sentences
	Words   []string
	AtLeast int64 // bounds of a number or, in nanoseconds, of a duration
	AtMost  int64 // 0 is no upper bound
	Secret  bool  // never printed, neither as a setting nor in a message

	syntax func(value any) error
	with   string // the setting does something only beside this other one
	needs  choice // the setting does something only when this choice was made
	must   bool   // and has to be given then
}

// choice is a setting that holds a word.
type choice struct{ key, word string }

// Settings returns the table, in the order in which it is printed.
func Settings() []Setting { return slices.Clone(table) }

var table = []Setting{
	{
		Key: "listen", Flag: "listen", Env: "BCS_STORAGE_LISTEN", syntax: checkListen,
		Comment: "Address and port of the HTTP API. Without a host it is every interface; port 0 takes any free port. An address that others reach needs auth.tokens or insecureListen.",
	},
	{
		Key: "insecureListen", Flag: "insecure-listen", Env: "BCS_STORAGE_INSECURE_LISTEN",
		Comment: "Listen where other machines can reach the API, though without auth.tokens it asks nobody who they are: whoever reaches it may read and delete everything.",
	},
	{
		Key: "dataDir", Flag: "data-dir", Env: "BCS_STORAGE_DATA_DIR", syntax: checkPath,
		Comment: "Folder of the embedded engines' files. It is created when it does not exist.",
	},
	{
		Key: "storage", Flag: "storage", Env: "BCS_STORAGE_STORAGE", Words: []string{StorageSQLite, StorageMongoDB},
		Comment: "Engine that keeps the documents.",
	},
	{
		Key: "mongodb.uri", Flag: "mongodb-uri", Env: "BCS_STORAGE_MONGODB_URI", Secret: true,
		needs: choice{"storage", StorageMongoDB}, must: true,
		Comment: "Connection string of MongoDB, with TLS, credentials and replica set. Everyone on the machine can read a flag: give a password in the file or the environment.",
	},
	{
		Key: "mongodb.database", Env: "BCS_STORAGE_MONGODB_DATABASE", syntax: checkDatabase,
		needs:   choice{"storage", StorageMongoDB},
		Comment: "Database that holds the collections.",
	},
	{
		Key: "mongodb.operationTimeout", Env: "BCS_STORAGE_MONGODB_OPERATION_TIMEOUT", AtLeast: int64(100 * time.Millisecond), AtMost: int64(time.Hour),
		needs:   choice{"storage", StorageMongoDB},
		Comment: "Longest time that one operation may take, retries included.",
	},
	{
		Key: "mongodb.serverSelectionTimeout", Env: "BCS_STORAGE_MONGODB_SERVER_SELECTION_TIMEOUT", AtLeast: int64(100 * time.Millisecond), AtMost: int64(time.Minute),
		needs:   choice{"storage", StorageMongoDB},
		Comment: "How long an operation waits for a server that can serve it, before it fails as unavailable. Wins over the URI.",
	},
	{
		Key: "mongodb.maxPoolSize", Env: "BCS_STORAGE_MONGODB_MAX_POOL_SIZE", AtLeast: 1, AtMost: 10000,
		needs:   choice{"storage", StorageMongoDB},
		Comment: "Most connections to one server. Wins over the URI.",
	},
	{
		Key: "mongodb.minPoolSize", Env: "BCS_STORAGE_MONGODB_MIN_POOL_SIZE", AtMost: 10000,
		needs:   choice{"storage", StorageMongoDB},
		Comment: "Connections to one server that are kept open.",
	},
	{
		Key: "watch", Flag: "watch", Env: "BCS_STORAGE_WATCH", Words: []string{WatchLocal, WatchZooKeeper},
		Comment: "Engine that keeps the watch payloads.",
	},
	{
		Key: "zookeeper.servers", Flag: "zookeeper", Env: "BCS_STORAGE_ZOOKEEPER", syntax: checkServers,
		needs: choice{"watch", WatchZooKeeper}, must: true,
		Comment: "ZooKeeper servers, each host:port. A list in the file, separated by commas elsewhere.",
	},
	{
		Key: "zookeeper.base", Env: "BCS_STORAGE_ZOOKEEPER_BASE", syntax: checkPath,
		needs:   choice{"watch", WatchZooKeeper},
		Comment: "Path below which the payloads are: /base/env/cluster/type/namespace.name.",
	},
	{
		Key: "zookeeper.sessionTimeout", Env: "BCS_STORAGE_ZOOKEEPER_SESSION_TIMEOUT", AtLeast: int64(time.Second), AtMost: int64(10 * time.Minute),
		needs:   choice{"watch", WatchZooKeeper},
		Comment: "Session timeout that is asked for; the servers may grant another one.",
	},
	{
		Key: "zookeeper.callTimeout", Env: "BCS_STORAGE_ZOOKEEPER_CALL_TIMEOUT", AtLeast: int64(100 * time.Millisecond), AtMost: int64(time.Hour),
		needs:   choice{"watch", WatchZooKeeper},
		Comment: "Longest time that one call may take.",
	},
	{
		Key: "zookeeper.username", Env: "BCS_STORAGE_ZOOKEEPER_USERNAME",
		needs:   choice{"watch", WatchZooKeeper},
		Comment: "User for whom alone nodes are made (digest scheme). Without one, nodes are made for everyone.",
	},
	{
		Key: "zookeeper.password", Env: "BCS_STORAGE_ZOOKEEPER_PASSWORD", Secret: true,
		needs:   choice{"watch", WatchZooKeeper},
		Comment: "Password of that user.",
	},
	{
		Key: "zookeeper.maxPayloadBytes", Env: "BCS_STORAGE_ZOOKEEPER_MAX_PAYLOAD_BYTES", AtLeast: 1 << 10, AtMost: 1 << 30,
		needs:   choice{"watch", WatchZooKeeper},
		Comment: "Largest payload. It has to be less than the servers' jute.maxbuffer, which is 1 MiB unless they say otherwise.",
	},
	{
		Key: "dialect", Flag: "dialect", Env: "BCS_STORAGE_DIALECT", Words: []string{Documented, Deployed},
		Comment: "Envelope and codes of the answers: as the API document says, or as the service in the field answers.",
	},
	{
		Key: "http.status", Env: "BCS_STORAGE_HTTP_STATUS", Words: []string{StatusEnvelope, StatusSemantic},
		Comment: "HTTP status of a handled failure: always 200, or 400, 404, 413, 500 and 503. The body is the same. What is refused for access or a limit has its own status in any case.",
	},
	{
		Key: "http.maxBodyBytes", Env: "BCS_STORAGE_HTTP_MAX_BODY_BYTES", AtLeast: 1 << 10, AtMost: 1 << 30,
		Comment: "Largest request body that is read, in bytes.",
	},
	{
		Key: "http.shutdownTimeout", Env: "BCS_STORAGE_HTTP_SHUTDOWN_TIMEOUT",
		AtLeast: int64(time.Millisecond), AtMost: int64(time.Hour),
		Comment: "How long requests may take to end after a stop signal.",
	},
	{
		Key: "http.drainDelay", Env: "BCS_STORAGE_HTTP_DRAIN_DELAY", AtMost: int64(time.Hour),
		Comment: "How long requests are still taken after a stop signal while /readyz answers 503, so that load balancers turn to others. It is a part of http.shutdownTimeout.",
	},
	{
		Key: "tls.certificate", Env: "BCS_STORAGE_TLS_CERTIFICATE", with: "tls.key",
		Comment: "File with the server's certificate, and those between it and its authority, in PEM. With it the server speaks HTTPS, version 1.2 of TLS or newer. Read again when it changes, as are the two below.",
	},
	{
		Key: "tls.key", Env: "BCS_STORAGE_TLS_KEY", with: "tls.certificate",
		Comment: "File with the key of that certificate, in PEM.",
	},
	{
		Key: "tls.clientCA", Env: "BCS_STORAGE_TLS_CLIENT_CA", with: "tls.certificate",
		Comment: "File with certificates of authorities, in PEM. With it clients have to present a certificate that one of them has signed.",
	},
	{
		Key: "auth.tokens", Env: "BCS_STORAGE_AUTH_TOKENS",
		Comment: "File that says who may do what, read again when it changes. With it every request needs a token, except for health, metrics and signed CCS requests.",
	},
	{
		Key: "auth.redact", Env: "BCS_STORAGE_AUTH_REDACT", with: "auth.tokens", syntax: checkRedact,
		Comment: "What callers without the verb secrets see as ***, a list of resourceType:path. The path is that within data; the case of the type does not matter.",
	},
	{
		Key: "limits.headerTimeout", Env: "BCS_STORAGE_LIMITS_HEADER_TIMEOUT", AtLeast: int64(10 * time.Millisecond), AtMost: int64(time.Hour),
		Comment: "How long the head of a request may take to come, and a TLS handshake.",
	},
	{
		Key: "limits.bodyTimeout", Env: "BCS_STORAGE_LIMITS_BODY_TIMEOUT", AtLeast: int64(10 * time.Millisecond), AtMost: int64(time.Hour),
		Comment: "How long the body of a request may take to come.",
	},
	{
		Key: "limits.requestTimeout", Env: "BCS_STORAGE_LIMITS_REQUEST_TIMEOUT", AtLeast: int64(10 * time.Millisecond), AtMost: int64(24 * time.Hour),
		Comment: "How long the service may work on a request, without the time in which its body comes, until the answer begins. An answer that has begun is not cut off.",
	},
	{
		Key: "limits.writeTimeout", Env: "BCS_STORAGE_LIMITS_WRITE_TIMEOUT", AtLeast: int64(10 * time.Millisecond), AtMost: int64(time.Hour),
		Comment: "How long a client may take to accept the next part of an answer, some ten KiB, before the transfer is cut off.",
	},
	{
		Key: "limits.idleTimeout", Env: "BCS_STORAGE_LIMITS_IDLE_TIMEOUT", AtLeast: int64(10 * time.Millisecond), AtMost: int64(24 * time.Hour),
		Comment: "How long a connection may wait for its next request.",
	},
	{
		Key: "limits.maxInFlight", Env: "BCS_STORAGE_LIMITS_MAX_IN_FLIGHT", AtLeast: 1, AtMost: 1000000,
		Comment: "Most requests that are worked on or answered at a time; those beyond are refused. Health and metrics do not count.",
	},
	{
		Key: "limits.callerRate", Env: "BCS_STORAGE_LIMITS_CALLER_RATE", AtMost: 1000000, with: "auth.tokens",
		Comment: "Most requests a second of each caller for whom auth.tokens has no rate. 0 is no limit.",
	},
	{
		Key: "limits.callerBurst", Env: "BCS_STORAGE_LIMITS_CALLER_BURST", AtMost: 1000000, with: "limits.callerRate",
		Comment: "How many of those may come at once. 0 is as many as in one second.",
	},
	{
		Key: "query.timeZone", Env: "BCS_STORAGE_QUERY_TIME_ZONE", syntax: checkTimeZone,
		Comment: "IANA time zone in which a time parameter without a zone is read.",
	},
	{
		Key: "query.maxLength", Env: "BCS_STORAGE_QUERY_MAX_LENGTH", AtLeast: 1, AtMost: 1000000,
		Comment: "Page length of events and alarms when the caller names none, and the most that a caller may ask for.",
	},
	{
		Key: "query.unknownParameters", Env: "BCS_STORAGE_QUERY_UNKNOWN_PARAMETERS", Words: []string{UnknownRefuse, UnknownIgnore},
		Comment: "What to do with a query parameter that no route knows.",
	},
	{
		Key: "views.defaultCluster", Env: "BCS_STORAGE_VIEWS_DEFAULT_CLUSTER",
		Comment: "Cluster that a CCE or NCS request means when it names none. Without it such a request is refused.",
	},
	{
		Key: "views.maxBytes", Env: "BCS_STORAGE_VIEWS_MAX_BYTES", AtLeast: 1 << 20, AtMost: 16 << 30,
		Comment: "Most bytes of stored JSON, as far as it is needed, that one CCS, CCE or NCS answer is computed from: about 1 KB a Pod. Four answers are computed at once, each in about ten times that memory.",
	},
	{
		Key: "views.ccs.credentials", Env: "BCS_STORAGE_VIEWS_CCS_CREDENTIALS",
		Comment: "File with the credentials of CCS callers, read again when it changes. With it every CCS request has to be signed; without it a token is asked for, if auth.tokens is set.",
	},
	{
		Key: "views.ccs.hosts", Env: "BCS_STORAGE_VIEWS_CCS_HOSTS", syntax: checkHosts,
		Comment: "Hosts that a CCS signature may be made for, when a proxy changes the Host header of requests. Without any it is the host of the request.",
	},
	{
		Key: "views.ccs.maxSkew", Env: "BCS_STORAGE_VIEWS_CCS_MAX_SKEW", AtLeast: int64(time.Second), AtMost: int64(24 * time.Hour),
		Comment: "How far the Timestamp of a signed CCS request may be off.",
	},
	{
		Key: "views.ccs.timeZone", Env: "BCS_STORAGE_VIEWS_CCS_TIME_ZONE", syntax: checkTimeZone,
		Comment: "IANA time zone in which CCS answers print times.",
	},
	{
		Key: "retention.interval", Env: "BCS_STORAGE_RETENTION_INTERVAL", AtLeast: int64(time.Second),
		Comment: "How often events and alarms beyond the limits below are removed.",
	},
	{
		Key: "retention.events.maxAge", Env: "BCS_STORAGE_RETENTION_EVENTS_MAX_AGE",
		Comment: "Age at which an event is removed. 0 keeps it for ever.",
	},
	{
		Key: "retention.events.maxPerCluster", Env: "BCS_STORAGE_RETENTION_EVENTS_MAX_PER_CLUSTER",
		Comment: "Number of events kept for each cluster, the newest. 0 is no limit.",
	},
	{
		Key: "retention.alarms.maxAge", Env: "BCS_STORAGE_RETENTION_ALARMS_MAX_AGE",
		Comment: "Age at which an alarm is removed. 0 keeps it for ever.",
	},
	{
		Key: "retention.alarms.maxPerCluster", Env: "BCS_STORAGE_RETENTION_ALARMS_MAX_PER_CLUSTER",
		Comment: "Number of alarms kept for each cluster, the newest. 0 is no limit.",
	},
	{
		Key: "metrics.listen", Flag: "metrics-listen", Env: "BCS_STORAGE_METRICS_LISTEN", syntax: checkListenOrNot,
		Comment: "Address and port of /metrics, of the profiles below /debug/pprof/, and of /healthz and /readyz once more; empty is nowhere. An address that others reach needs insecureListen: a profile may show what is stored.",
	},
	{
		Key: "metrics.upstreamNames", Env: "BCS_STORAGE_METRICS_UPSTREAM_NAMES",
		Comment: "Export requests, MongoDB and ZooKeeper also under the names that the service in the field has for them (bkbcs_storage_…).",
	},
	{
		Key: "metrics.maxClusters", Env: "BCS_STORAGE_METRICS_MAX_CLUSTERS", AtMost: 100000,
		Comment: "Most clusters for which the time since the last write is exported, those that came first. 0 exports it for none.",
	},
	{
		Key: "log.level", Env: "BCS_STORAGE_LOG_LEVEL", Words: []string{"debug", "info", "warn", "error"},
		Comment: "Least important messages that are logged, to standard error.",
	},
	{
		Key: "log.format", Env: "BCS_STORAGE_LOG_FORMAT", Words: []string{LogFormatText, LogFormatJSON},
		Comment: "Form of a log line.",
	},
}

// find returns the row of a key.
func find(key string) (Setting, bool) {
	i := slices.IndexFunc(table, func(s Setting) bool { return s.Key == key })
	if i < 0 {
		return Setting{}, false
	}
	return table[i], true
}

// isGroup reports whether settings lie below key.
func isGroup(key string) bool {
	return slices.ContainsFunc(table, func(s Setting) bool { return strings.HasPrefix(s.Key, key+".") })
}

// Usage describes the setting in the help of its flag.
func (s Setting) Usage() string {
	usage := s.Comment
	if len(s.Words) > 0 {
		usage += " One of " + strings.Join(s.Words, ", ") + "."
	}
	return usage + " Environment: " + s.Env + "."
}

// Default is the value of the setting when nothing gives one, as it would be written in a flag.
func (s Setting) Default() string { return text(valuesOf(Default()).Get(s.Key)) }

// Switch says whether the setting is true or false; its flag alone means true.
func (s Setting) Switch() bool {
	_, ok := valuesOf(Default()).Get(s.Key).(bool)
	return ok
}

// allowed says which values a setting of this type takes, "" when any will do.
func (s Setting) allowed(like any) string {
	if len(s.Words) > 0 {
		return "one of " + strings.Join(s.Words, ", ")
	}
	if _, ok := number(like); !ok {
		return ""
	}
	least := text(sameType(s.AtLeast, like))
	if s.AtMost == 0 {
		return least + " or more"
	}
	return fmt.Sprintf("%s to %s", least, text(sameType(s.AtMost, like)))
}
