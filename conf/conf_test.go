package conf

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the example file from the defaults")

const example = "bcs-storage.yaml"

func writeFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func printed(t *testing.T, c Config) string {
	t.Helper()
	var b bytes.Buffer
	if err := c.WriteYAML(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func lines(err error) []string {
	if err == nil {
		return nil
	}
	return strings.Split(err.Error(), "\n")
}

func TestTableMatchesConfig(t *testing.T) {
	var rows []string
	for _, s := range Settings() {
		rows = append(rows, s.Key)
	}
	slices.Sort(rows)
	if diff := cmp.Diff(valuesOf(Default()).Keys(), rows); diff != "" {
		t.Errorf("fields of Config (-) and rows of the table (+):\n%s", diff)
	}
}

func TestRows(t *testing.T) {
	seen := map[string]bool{}
	upper := regexp.MustCompile(`[A-Z]+`)
	for _, s := range Settings() {
		named := strings.ReplaceAll(upper.ReplaceAllString(s.Key, "_$0"), ".", "_")
		if want := prefix + strings.ToUpper(named); s.Env != want && s.Key != "zookeeper.servers" {
			t.Errorf("%s has the variable %s, want %s", s.Key, s.Env, want)
		}
		for _, name := range []string{s.Key, s.Env, "--" + s.Flag} {
			if seen[name] && name != "--" {
				t.Errorf("%s: %s is taken", s.Key, name)
			}
			seen[name] = true
		}
		if !strings.HasSuffix(s.Comment, ".") {
			t.Errorf("%s: the comment %q is not a sentence", s.Key, s.Comment)
		}
		if _, known := find(s.needs.key); s.needs != (choice{}) && !known {
			t.Errorf("%s needs %s, which is no setting", s.Key, s.needs.key)
		}
	}
}

func TestExampleFile(t *testing.T) {
	want := printed(t, Default())
	if *update {
		if err := os.WriteFile(example, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("run go test ./conf -update\n%s", diff)
	}
	for _, s := range Settings() {
		for _, part := range append(s.Words, s.Comment, s.Env, "--"+s.Flag) {
			if !strings.Contains(string(got), part) {
				t.Errorf("%s: %q is not documented", s.Key, part)
			}
		}
	}
}

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	c, err := Load(nil, nil)
	if diff := cmp.Diff(Default(), c); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}

// every setting has another value than its default
func changed() Config {
	return Config{
		Listen: "[::]:0", Insecure: true, DataDir: "/var/lib/bcs: \"storage\" # 1\n  \nx", Storage: StorageMongoDB, Watch: WatchZooKeeper, Dialect: Deployed,
		MongoDB: MongoDB{
			URI: "mongodb://127.0.0.1:27017/?tls=true", Database: "other", OperationTimeout: time.Second,
			ServerSelectionTimeout: 2 * time.Second, MaxPoolSize: 3, MinPoolSize: 1,
		},
		ZooKeeper: ZooKeeper{
			Servers: []string{"a:1", "b:2"}, Base: "x/y", SessionTimeout: 2 * time.Second, CallTimeout: time.Second,
			Username: "user", Password: "hunter2", MaxPayload: 1 << 12,
		},
		TLS:  TLS{Certificate: "c.pem", Key: "k.pem", ClientCA: "a.pem"},
		Auth: Auth{Tokens: "tokens.yaml", Redact: []string{"ConfigMap:data"}},
		Limits: Limits{
			HeaderTimeout: time.Second, BodyTimeout: 2 * time.Second, RequestTimeout: 3 * time.Second, WriteTimeout: 4 * time.Second,
			IdleTimeout: 5 * time.Second, MaxInFlight: 6, CallerRate: 7, CallerBurst: 8,
		},
		HTTP:  HTTP{Status: StatusSemantic, MaxBodyBytes: 1 << 30, ShutdownTimeout: 1500 * time.Millisecond, DrainDelay: time.Second},
		Query: Query{TimeZone: "Asia/Shanghai", MaxLength: 7, UnknownParameters: UnknownIgnore},
		Views: Views{
			DefaultCluster: "c1", MaxBytes: 1 << 20,
			CCS: CCS{Credentials: "keys.yaml", Hosts: []string{"a", "b:1"}, MaxSkew: time.Minute, TimeZone: "UTC"},
		},
		Retention: Retention{
			Interval: 90 * time.Minute,
			Events:   Keep{MaxAge: 0, MaxPerCluster: 0},
			Alarms:   Keep{MaxAge: 61 * time.Second, MaxPerCluster: 1},
		},
		Metrics: Metrics{Listen: "0.0.0.0:1", UpstreamNames: true, MaxClusters: 7},
		Log:     Log{Level: "debug", Format: LogFormatJSON},
	}
}

func TestPrintedFileLoadsAgain(t *testing.T) {
	for name, want := range map[string]Config{"default": Default(), "changed": changed()} {
		t.Run(name, func(t *testing.T) {
			// Secrets are not printed; they come from the environment.
			environ := []string{"BCS_STORAGE_MONGODB_URI=" + want.MongoDB.URI, "BCS_STORAGE_ZOOKEEPER_PASSWORD=" + want.ZooKeeper.Password}
			if want.ZooKeeper.Servers == nil {
				want.ZooKeeper.Servers = []string{}
			}
			got, err := Load(environ, map[string]string{FlagConfig: writeFile(t, printed(t, want))})
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestEverySettingFromEverySource(t *testing.T) {
	want := changed()
	var environ []string
	flags := map[string]string{}
	for _, s := range Settings() {
		written := text(valuesOf(want).Get(s.Key))
		environ = append(environ, s.Env+"="+written)
		if s.Flag != "" {
			flags[s.Flag] = written
		}
	}
	got, err := Load(environ, nil)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("environment: %v\n%s", err, diff)
	}
	got, err = Load(nil, flags)
	partly := Default()
	partly.Listen, partly.Insecure, partly.DataDir, partly.Dialect = want.Listen, want.Insecure, want.DataDir, want.Dialect
	partly.Storage, partly.Watch = want.Storage, want.Watch
	partly.Metrics.Listen = want.Metrics.Listen
	partly.MongoDB.URI, partly.ZooKeeper.Servers = want.MongoDB.URI, want.ZooKeeper.Servers
	if diff := cmp.Diff(partly, got); diff != "" || err != nil {
		t.Errorf("flags: %v\n%s", err, diff)
	}
}

func TestPrecedence(t *testing.T) {
	file := writeFile(t, "listen: 127.0.0.1:1\nquery: {maxLength: 1}\nlog: {level: debug, format: json}\nhttp:\nretention: {}\n")
	other := writeFile(t, "listen: 127.0.0.1:9\n")
	tests := map[string]struct {
		environ []string
		flags   map[string]string
		want    func(*Config)
	}{
		"file": {
			environ: []string{"BCS_STORAGE_CONFIG=" + file},
			want: func(c *Config) {
				c.Listen, c.Query.MaxLength, c.Log = "127.0.0.1:1", 1, Log{"debug", "json"}
			},
		},
		"environment over file": {
			environ: []string{"BCS_STORAGE_LISTEN=127.0.0.1:2", "BCS_STORAGE_LOG_LEVEL=warn"},
			flags:   map[string]string{"config": file},
			want: func(c *Config) {
				c.Listen, c.Query.MaxLength, c.Log = "127.0.0.1:2", 1, Log{"warn", "json"}
			},
		},
		"flag over environment, also for the file itself": {
			environ: []string{"BCS_STORAGE_LISTEN=127.0.0.1:2", "BCS_STORAGE_CONFIG=" + file},
			flags:   map[string]string{"listen": "127.0.0.1:3", "config": other},
			want:    func(c *Config) { c.Listen = "127.0.0.1:3" },
		},
		"the last variable counts": {
			environ: []string{"BCS_STORAGE_LISTEN=127.0.0.1:2", "BCS_STORAGE_LISTEN=127.0.0.1:4"},
			want:    func(c *Config) { c.Listen = "127.0.0.1:4" },
		},
		"a flag that repeats the default": {
			environ: []string{"BCS_STORAGE_LISTEN=127.0.0.1:2"},
			flags:   map[string]string{"listen": "127.0.0.1:50024"},
			want:    func(*Config) {},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			want := Default()
			tt.want(&want)
			got, err := Load(tt.environ, tt.flags)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
	}
}

func TestBadFiles(t *testing.T) {
	tests := map[string]struct {
		file string
		want []string // FILE stands for its path
	}{
		"empty":               {"", nil},
		"only comments":       {"# nothing\n", nil},
		"unknown key":         {"lisen: :1", []string{`lisen: unknown setting (from FILE)`}},
		"other case":          {"datadir: x", []string{`datadir: unknown setting (from FILE)`}},
		"unknown inner key":   {"http: {timeout: 1s}", []string{`http.timeout: unknown setting (from FILE)`}},
		"unknown empty group": {"ssl: {}", []string{`ssl: unknown setting (from FILE)`}},
		"number as key":       {"1: x", []string{`1: unknown setting (from FILE)`}},
		"below a setting":     {"listen: {port: 1}", []string{`listen.port: unknown setting (from FILE)`}},
		"group with a value":  {"http: semantic", []string{`http: is a group of settings, not a setting (from FILE)`}},
		"no value":            {"listen:", []string{`listen: has no value (from FILE)`}},
		"number for text":     {"dataDir: 007", []string{`dataDir: 7 is not text, put it in quotes (from FILE)`}},
		"date for text":       {"dataDir: 2020-01-02", []string{`dataDir: 2020-01-02 00:00:00 +0000 UTC is not text, put it in quotes (from FILE)`}},
		"fraction":            {"query: {maxLength: 10.7}", []string{`query.maxLength: 10.7 is not a whole number (from FILE)`}},
		"bool for number":     {"query: {maxLength: true}", []string{`query.maxLength: true is not a whole number (from FILE)`}},
		"huge number":         {"query: {maxLength: 99999999999999999999}", []string{`query.maxLength: 1e+20 is not a whole number (from FILE)`}},
		"number in quotes":    {`query: {maxLength: "10"}`, nil},
		"duration, no unit":   {"retention: {interval: 360}", []string{`retention.interval: 360 is not a duration such as 10m or 1h30m (from FILE)`}},
		"duration zero":       {"retention: {events: {maxAge: 0}}", nil},
		"list for text":       {"listen: [a]", []string{`listen: [a] is not text, put it in quotes (from FILE)`}},
		"number for list":     {"zookeeper: {servers: 2181}", []string{`zookeeper.servers: 2181 is not a list (from FILE)`}},
		"number in list":      {"zookeeper: {servers: [2181]}", []string{`zookeeper.servers: 2181 is not text, put it in quotes (from FILE)`}},
		"bad list": {"zookeeper: {servers: [a, ':1', 'b:0', 'c:1']}", []string{
			`zookeeper.servers: "a" is not host:port, ":1" has no host, "b:0" has no port from 1 to 65535 (from FILE)`,
		}},
		"no map":         {"- a", []string{`FILE: line 1: cannot unmarshal !!seq into map[string]interface {}`}},
		"key twice":      {"listen: 127.0.0.1:1\nlisten: 127.0.0.1:2", []string{`FILE: line 2: mapping key "listen" already defined at line 1`}},
		"no YAML":        {"listen: [", []string{`config: yaml: line 1: did not find expected node content (from --config FILE)`}},
		"two documents":  {"listen: 127.0.0.1:1\n---\nlisten: 127.0.0.1:2", []string{`config: line 2: a second document begins, only one is read (from --config FILE)`}},
		"secret, a list": {"mongodb: {uri: [hunter2]}", []string{`mongodb.uri: the value is not text, put it in quotes (from FILE)`}},
		"all at once": {"listen: x\ndialect: y\nlog: {level: loud}\nfoo: 1", []string{
			`dialect: "y" is not one of documented, deployed (from FILE)`,
			`foo: unknown setting (from FILE)`,
			`listen: "x" is not host:port (from FILE)`,
			`log.level: "loud" is not one of debug, info, warn, error (from FILE)`,
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, tt.file)
			_, err := Load(nil, map[string]string{FlagConfig: path})
			var got []string
			for _, line := range lines(err) {
				got = append(got, strings.ReplaceAll(line, path, "FILE"))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestBadValues(t *testing.T) {
	tests := map[string]struct{ env, want string }{
		"port":             {"BCS_STORAGE_LISTEN=:70000", `listen: ":70000" has no port from 0 to 65535 (from BCS_STORAGE_LISTEN)`},
		"named port":       {"BCS_STORAGE_LISTEN=:http", `listen: ":http" has no port from 0 to 65535 (from BCS_STORAGE_LISTEN)`},
		"metrics port":     {"BCS_STORAGE_METRICS_LISTEN=127.0.0.1", `metrics.listen: "127.0.0.1" is not host:port (from BCS_STORAGE_METRICS_LISTEN)`},
		"many clusters":    {"BCS_STORAGE_METRICS_MAX_CLUSTERS=100001", `metrics.maxClusters: 100001 is not 0 to 100000 (from BCS_STORAGE_METRICS_MAX_CLUSTERS)`},
		"empty":            {"BCS_STORAGE_LISTEN=", `listen: "" is not host:port (from BCS_STORAGE_LISTEN)`},
		"no folder":        {"BCS_STORAGE_DATA_DIR=", `dataDir: is empty (from BCS_STORAGE_DATA_DIR)`},
		"word":             {"BCS_STORAGE_STORAGE=mysql", `storage: "mysql" is not one of sqlite, mongodb (from BCS_STORAGE_STORAGE)`},
		"word in capitals": {"BCS_STORAGE_DIALECT=Deployed", `dialect: "Deployed" is not one of documented, deployed (from BCS_STORAGE_DIALECT)`},
		"mongodb":          {"BCS_STORAGE_STORAGE=mongodb", `mongodb.uri: is needed with storage: mongodb`},
		"zookeeper":        {"BCS_STORAGE_WATCH=zookeeper", `zookeeper.servers: is needed with watch: zookeeper`},
		"unused address":   {"BCS_STORAGE_MONGODB_URI=mongodb://u:p@h", `mongodb.uri: has no effect without storage: mongodb (from BCS_STORAGE_MONGODB_URI)`},
		"unused servers":   {"BCS_STORAGE_ZOOKEEPER=a:1, b:2", `zookeeper.servers: has no effect without watch: zookeeper (from BCS_STORAGE_ZOOKEEPER)`},
		"empty server":     {"BCS_STORAGE_ZOOKEEPER=a:1,,b:2", `zookeeper.servers: "" is not host:port (from BCS_STORAGE_ZOOKEEPER)`},
		"too small":        {"BCS_STORAGE_HTTP_MAX_BODY_BYTES=1023", `http.maxBodyBytes: 1023 is not 1024 to 1073741824 (from BCS_STORAGE_HTTP_MAX_BODY_BYTES)`},
		"too large":        {"BCS_STORAGE_HTTP_MAX_BODY_BYTES=1073741825", `http.maxBodyBytes: 1073741825 is not 1024 to 1073741824 (from BCS_STORAGE_HTTP_MAX_BODY_BYTES)`},
		"negative":         {"BCS_STORAGE_RETENTION_EVENTS_MAX_PER_CLUSTER=-1", `retention.events.maxPerCluster: -1 is not 0 or more (from BCS_STORAGE_RETENTION_EVENTS_MAX_PER_CLUSTER)`},
		"negative age":     {"BCS_STORAGE_RETENTION_ALARMS_MAX_AGE=-1h", `retention.alarms.maxAge: -1h is not 0 or more (from BCS_STORAGE_RETENTION_ALARMS_MAX_AGE)`},
		"too often":        {"BCS_STORAGE_RETENTION_INTERVAL=0", `retention.interval: 0 is not 1s or more (from BCS_STORAGE_RETENTION_INTERVAL)`},
		"days":             {"BCS_STORAGE_RETENTION_EVENTS_MAX_AGE=15d", `retention.events.maxAge: "15d" is not a duration such as 10m or 1h30m (from BCS_STORAGE_RETENTION_EVENTS_MAX_AGE)`},
		"zone":             {"BCS_STORAGE_QUERY_TIME_ZONE=Mars/Base", `query.timeZone: "Mars/Base" is not the name of a time zone such as UTC or Asia/Shanghai (from BCS_STORAGE_QUERY_TIME_ZONE)`},
		"machine's zone":   {"BCS_STORAGE_QUERY_TIME_ZONE=Local", `query.timeZone: "Local" is not the name of a time zone such as UTC or Asia/Shanghai (from BCS_STORAGE_QUERY_TIME_ZONE)`},
		"unknown variable": {"BCS_STORAGE_LISTN=:1", `BCS_STORAGE_LISTN: unknown environment variable`},
		"no file":          {"BCS_STORAGE_CONFIG=", `config: names no file (from BCS_STORAGE_CONFIG)`},
		"missing file":     {"BCS_STORAGE_CONFIG=/no/such.yaml", `config: no such file or directory (from BCS_STORAGE_CONFIG /no/such.yaml)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Load([]string{tt.env}, nil)
			if diff := cmp.Diff([]string{tt.want}, lines(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestReachableMetricsAreRefused: as for the API, and nowhere is a place.
func TestReachableMetricsAreRefused(t *testing.T) {
	for listen, open := range map[string]bool{"": false, "127.0.0.1:0": false, "[::1]:1": false, ":1": true, "10.1.2.3:1": true} {
		_, err := Load(nil, map[string]string{"metrics-listen": listen})
		if open != (err != nil) || open && !strings.Contains(err.Error(), "metrics.listen: ") {
			t.Errorf("%q: %v", listen, err)
		}
		c, err := Load([]string{"BCS_STORAGE_INSECURE_LISTEN=true"}, map[string]string{"metrics-listen": listen})
		if err != nil || c.Metrics.Listen != listen {
			t.Errorf("%q with insecureListen: %v", listen, err)
		}
	}
}

// A bad value is reported though a later source replaces it, and the sources are reported together.
// TestReachableListenIsRefused: an API that asks nobody who they are is opened to others only by an explicit word.
func TestReachableListenIsRefused(t *testing.T) {
	for listen, open := range map[string]bool{
		":1": true, "0.0.0.0:1": true, "[::]:1": true, "10.1.2.3:1": true, "storage.example.com:1": true, "[fe80::1%eth0]:1": true,
		"127.0.0.1:1": false, "127.8.9.1:1": false, "[::1]:1": false, "localhost:1": false,
	} {
		_, err := Load(nil, map[string]string{"listen": listen})
		if open != (err != nil) || open && !strings.Contains(err.Error(), "listen: ") {
			t.Errorf("%s: %v", listen, err)
		}
		c, err := Load([]string{"BCS_STORAGE_INSECURE_LISTEN=true"}, map[string]string{"listen": listen})
		if err != nil || !c.Insecure || c.Listen != listen {
			t.Errorf("%s with insecureListen: %v", listen, err)
		}
	}
	if _, err := Load(nil, map[string]string{"insecure-listen": "yes"}); err == nil || !strings.Contains(err.Error(), `insecureListen: "yes" is not true or false`) {
		t.Errorf("a word that is no bool: %v", err)
	}
}

func TestAllProblemsOfAllSources(t *testing.T) {
	path := writeFile(t, "listen: bad\nunknown: 1\nmongodb: {uri: 'mongodb://u:hunter2@h'}\n")
	_, err := Load(
		[]string{"BCS_STORAGE_LISTEN=worse", "BCS_STORAGE_NOTHING=1", "BCS_STORAGE_LOG_LEVEL=loud"},
		map[string]string{"config": path, "listen": "127.0.0.1:1", "dialect": "none", "watch": "zookeeper", "nope": "1"},
	)
	want := []string{
		`listen: "bad" is not host:port (from ` + path + `)`,
		`unknown: unknown setting (from ` + path + `)`,
		`BCS_STORAGE_NOTHING: unknown environment variable`,
		`listen: "worse" is not host:port (from BCS_STORAGE_LISTEN)`,
		`log.level: "loud" is not one of debug, info, warn, error (from BCS_STORAGE_LOG_LEVEL)`,
		`dialect: "none" is not one of documented, deployed (from --dialect)`,
		`--nope: unknown flag`,
		`mongodb.uri: has no effect without storage: mongodb (from ` + path + `)`,
		`zookeeper.servers: is needed with watch: zookeeper`,
	}
	if diff := cmp.Diff(want, lines(err)); diff != "" {
		t.Error(diff)
	}
}

func TestValidateConfigMadeInCode(t *testing.T) {
	c := Default()
	c.Listen, c.Storage, c.Watch, c.Query.MaxLength = "", StorageMongoDB, "etcd", 0
	want := []string{
		`listen: "" is not host:port`,
		`mongodb.uri: is needed with storage: mongodb`,
		`watch: "etcd" is not one of local, zookeeper`,
		`query.maxLength: 0 is not 1 to 1000000`,
	}
	if diff := cmp.Diff(want, lines(c.Validate())); diff != "" {
		t.Error(diff)
	}
}

func TestCheckEnviron(t *testing.T) {
	tests := map[string]bool{
		"PATH=/bin":                                   true,
		"BCS_STORAGE=1":                               true,
		"BCS_STORAGE_SERVER=http://x":                 true,
		"BCS_STORAGE_CLUSTER=c":                       true,
		"BCS_STORAGE_CONFIG=x":                        true,
		"BCS_STORAGE_SERVICE_HOST=10.96.0.7":          true,
		"BCS_STORAGE_SERVICE_PORT=50024":              true,
		"BCS_STORAGE_SERVICE_PORT_HTTP=50024":         true,
		"BCS_STORAGE_PORT=tcp://10.96.0.7:50024":      true,
		"BCS_STORAGE_PORT_50024_TCP=tcp://10.0.0.1:1": true,
		"BCS_STORAGE_PORT_50024_TCP_PROTO=tcp":        true,
		"BCS_STORAGE_PORT_50024_TCP_PORT=50024":       true,
		"BCS_STORAGE_PORT_50024_TCP_ADDR=fd00::7":     true,
		"BCS_STORAGE_CANARY_SERVICE_HOST=10.96.0.8":   true,
		"BCS_STORAGE_PORT=50024":                      false,
		"BCS_STORAGE_SERVICE_HOST=example.com":        false,
		"BCS_STORAGE_=1":                              false,
		"BCS_STORAGE_HTTP=1":                          false,
	}
	for entry, known := range tests {
		if err := CheckEnviron([]string{entry}); (err == nil) != known {
			t.Errorf("%s: %v", entry, err)
		}
	}
}

func TestRedact(t *testing.T) {
	tests := map[string]string{
		"":                                    "",
		"mongodb://user:hunter2@host/db":      "mongodb://user:***@host/db",
		"mongodb://:hunter2@host":             "mongodb://:***@host",
		"mongodb://user@host":                 "mongodb://user@host",
		"mongodb+srv://user:hunter2@host":     "mongodb+srv://user:***@host",
		"mongodb://u:hunter2@a:1,b:2/db?x=y":  "mongodb://u:***@a:1,b:2/db?***",
		"mongodb://a:27017,b":                 "mongodb://a:27017,b",
		"mongodb://host/?password=hunter2":    "mongodb://host/?***",
		"mongodb://u:hunter2@[::1]:27017":     "***",
		"mongodb://user:hun/ter2@host":        "***",
		"mongodb://user:hun@ter2@host":        "***",
		"mongodb://user:hun:ter2@host":        "***",
		"mongodb://user:hunter2":              "***",
		"hunter2":                             "***",
		"user:hunter2@host":                   "***",
		"mongodb://user:hun\nter2@host":       "mongodb://user:***@host",
		"mongodb://user:p@host\n#hunter2":     "***",
		"mongodb://host?a=b?c@hunter2":        "***",
		"mongodb://user:hunter2@":             "***",
		"mongodb://user:hunter2@host:port/db": "***",
	}
	for uri, want := range tests {
		if got := redact(uri); got != want {
			t.Errorf("%q is printed as %q, want %q", uri, got, want)
		}
	}
}

func TestWriteYAMLHidesSecrets(t *testing.T) {
	c := Default()
	c.MongoDB.URI, c.ZooKeeper.Password = "mongodb://user:hunter2@host/db", "hunter2"
	if got := printed(t, c); strings.Contains(got, "hunter2") || !strings.Contains(got, `password: '***'`) || !strings.Contains(got, "uri: mongodb://user:***@host/db") {
		t.Error(got)
	}
}
