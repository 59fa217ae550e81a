// Package conf is everything an operator can set: the settings as data, where their values come from (file < environment
// < flags), what is refused, and how the effective configuration is printed. It reads no clock and keeps no state.
package conf

import "time"

// The words of the settings that allow only some. The table in settings.go says which of them belong to which setting.
const (
	StorageSQLite  = "sqlite"
	StorageMongoDB = "mongodb"
	WatchLocal     = "local"
	WatchZooKeeper = "zookeeper"
	Documented     = "documented"
	Deployed       = "deployed"
	StatusEnvelope = "envelope"
	StatusSemantic = "semantic"
	UnknownRefuse  = "refuse"
	UnknownIgnore  = "ignore"
	LogFormatText  = "text"
	LogFormatJSON  = "json"
)

// Config is the effective configuration. What Load returns without an error has passed Validate; a Config made in code has not.
type Config struct {
	Listen    string    `koanf:"listen"`
	Insecure  bool      `koanf:"insecureListen"`
	DataDir   string    `koanf:"dataDir"`
	Storage   string    `koanf:"storage"`
	MongoDB   MongoDB   `koanf:"mongodb"`
	Watch     string    `koanf:"watch"`
	ZooKeeper ZooKeeper `koanf:"zookeeper"`
	Dialect   string    `koanf:"dialect"`
	HTTP      HTTP      `koanf:"http"`
	TLS       TLS       `koanf:"tls"`
	Auth      Auth      `koanf:"auth"`
	Limits    Limits    `koanf:"limits"`
	Query     Query     `koanf:"query"`
	Views     Views     `koanf:"views"`
	Retention Retention `koanf:"retention"`
	Metrics   Metrics   `koanf:"metrics"`
	Log       Log       `koanf:"log"`
}

// MongoDB says where the distributed document engine is. URI may hold a password: print a Config with WriteYAML only.
type MongoDB struct {
	URI                    string        `koanf:"uri"`
	Database               string        `koanf:"database"`
	OperationTimeout       time.Duration `koanf:"operationTimeout"`
	ServerSelectionTimeout time.Duration `koanf:"serverSelectionTimeout"`
	MaxPoolSize            int           `koanf:"maxPoolSize"`
	MinPoolSize            int           `koanf:"minPoolSize"`
}

// ZooKeeper says where the distributed node engine is.
type ZooKeeper struct {
	Servers        []string      `koanf:"servers"`
	Base           string        `koanf:"base"`
	SessionTimeout time.Duration `koanf:"sessionTimeout"`
	CallTimeout    time.Duration `koanf:"callTimeout"`
	Username       string        `koanf:"username"`
	Password       string        `koanf:"password"`
	MaxPayload     int           `koanf:"maxPayloadBytes"`
}

// HTTP is what clients see of the server besides the dialect.
type HTTP struct {
	Status          string        `koanf:"status"`
	MaxBodyBytes    int64         `koanf:"maxBodyBytes"`
	ShutdownTimeout time.Duration `koanf:"shutdownTimeout"`
	DrainDelay      time.Duration `koanf:"drainDelay"`
}

// TLS names the files of the server's certificate and key, in PEM, and of the authorities whose clients may connect. Empty
// is none.
type TLS struct {
	Certificate string `koanf:"certificate"`
	Key         string `koanf:"key"`
	ClientCA    string `koanf:"clientCA"`
}

// Auth says who may do what: Tokens is a file for ParseTokens, Redact has words for ParseRedact.
type Auth struct {
	Tokens string   `koanf:"tokens"`
	Redact []string `koanf:"redact"`
}

// Limits bound what clients can take of the server. CallerRate, in requests a second, and CallerBurst are for callers whose
// tokens say nothing else; zero is no limit, and a burst of one second.
type Limits struct {
	HeaderTimeout  time.Duration `koanf:"headerTimeout"`
	BodyTimeout    time.Duration `koanf:"bodyTimeout"`
	RequestTimeout time.Duration `koanf:"requestTimeout"`
	WriteTimeout   time.Duration `koanf:"writeTimeout"`
	IdleTimeout    time.Duration `koanf:"idleTimeout"`
	MaxInFlight    int           `koanf:"maxInFlight"`
	CallerRate     int           `koanf:"callerRate"`
	CallerBurst    int           `koanf:"callerBurst"`
}

// Query is how query parameters are read. TimeZone is an IANA name that time.LoadLocation knows.
type Query struct {
	TimeZone          string `koanf:"timeZone"`
	MaxLength         int    `koanf:"maxLength"`
	UnknownParameters string `koanf:"unknownParameters"`
}

// Views is what the views for the consoles of cloud vendors need to know beside the store. TimeZone is as in Query.
type Views struct {
	DefaultCluster string `koanf:"defaultCluster"`
	MaxBytes       int64  `koanf:"maxBytes"`
	CCS            CCS    `koanf:"ccs"`
}

// CCS is the view for consoles of Tencent CCS.
type CCS struct {
	Credentials string        `koanf:"credentials"`
	Hosts       []string      `koanf:"hosts"`
	MaxSkew     time.Duration `koanf:"maxSkew"`
	TimeZone    string        `koanf:"timeZone"`
}

// Retention is how long events and alarms stay, and how often the old ones are removed.
type Retention struct {
	Interval time.Duration `koanf:"interval"`
	Events   Keep          `koanf:"events"`
	Alarms   Keep          `koanf:"alarms"`
}

// Keep is a limit in age and in number. Zero is no limit.
type Keep struct {
	MaxAge        time.Duration `koanf:"maxAge"`
	MaxPerCluster int           `koanf:"maxPerCluster"`
}

// Metrics is where the numbers for operators are, and which. Listen is empty for nowhere.
type Metrics struct {
	Listen        string `koanf:"listen"`
	UpstreamNames bool   `koanf:"upstreamNames"`
	MaxClusters   int    `koanf:"maxClusters"`
}

// Log is what is written to standard error. Level is a word that slog.Level.UnmarshalText reads.
type Log struct {
	Level  string `koanf:"level"`
	Format string `koanf:"format"`
}

// Default is the configuration of a server that was told nothing. It is valid.
func Default() Config {
	keep := Keep{MaxAge: 15 * 24 * time.Hour, MaxPerCluster: 10000}
	return Config{
		Listen:  "127.0.0.1:50024",
		DataDir: "./data",
		Storage: StorageSQLite,
		MongoDB: MongoDB{
			Database: "bcs_storage", OperationTimeout: 10 * time.Second, ServerSelectionTimeout: 3 * time.Second, MaxPoolSize: 100,
		},
		Watch: WatchLocal,
		ZooKeeper: ZooKeeper{
			Base: "etc/cluster", SessionTimeout: 10 * time.Second, CallTimeout: 5 * time.Second, MaxPayload: 1000000,
		},
		Dialect: Documented,
		HTTP:    HTTP{Status: StatusEnvelope, MaxBodyBytes: 8 << 20, ShutdownTimeout: 10 * time.Second},
		Auth:    Auth{Redact: []string{"Secret:data", "Secret:stringData", "Secret:metadata.annotations", "secret:datas"}},
		Limits: Limits{
			HeaderTimeout: 10 * time.Second, BodyTimeout: time.Minute, RequestTimeout: time.Minute, WriteTimeout: time.Minute,
			IdleTimeout: 2 * time.Minute, MaxInFlight: 1024,
		},
		Query: Query{TimeZone: "UTC", MaxLength: 1000, UnknownParameters: UnknownRefuse},
		Views: Views{
			MaxBytes: 32 << 20,
			CCS:      CCS{Hosts: []string{}, MaxSkew: 5 * time.Minute, TimeZone: "Asia/Shanghai"},
		},
		Retention: Retention{Interval: 10 * time.Minute, Events: keep, Alarms: keep},
		Metrics:   Metrics{Listen: "127.0.0.1:50025", MaxClusters: 1000},
		Log:       Log{Level: "info", Format: LogFormatText},
	}
}
