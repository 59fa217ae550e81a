package service

import (
	"errors"
	"flag"
	"fmt"
	"net"
	"strings"
)

// The engines.
const (
	StorageSQLite  = "sqlite"
	StorageMongoDB = "mongodb"
	WatchLocal     = "local"
	WatchZooKeeper = "zookeeper"
)

// Options say how the service is started.
type Options struct {
	Bin       string // the program
	Listen    string
	Storage   string
	MongoURI  string
	Watch     string
	ZooKeeper string
	// Environ are settings beside those, each NAME=value.
	Environ []string
}

// Flags declares a flag for each of them but Environ.
func (o *Options) Flags(flags *flag.FlagSet) {
	flags.StringVar(&o.Bin, "bin", "", "the service's program; without it the program is built")
	flags.StringVar(&o.Listen, "listen", "127.0.0.1:0", "where the service listens, on the loopback interface")
	flags.StringVar(&o.Storage, "storage", StorageSQLite, "engine of the documents: sqlite or mongodb")
	flags.StringVar(&o.MongoURI, "mongodb-uri", "", "with -storage mongodb; a database of its own is made there and dropped")
	flags.StringVar(&o.Watch, "watch", WatchLocal, "engine of watch data: local or zookeeper")
	flags.StringVar(&o.ZooKeeper, "zookeeper", "", "with -watch zookeeper; nodes below a base of their own are made there and removed")
}

// Check refuses what does not go together, and everything that is not on the loopback interface.
func (o *Options) Check() error {
	switch {
	case o.Storage != StorageSQLite && o.Storage != StorageMongoDB:
		return fmt.Errorf("-storage %s: is not sqlite or mongodb", o.Storage)
	case o.Watch != WatchLocal && o.Watch != WatchZooKeeper:
		return fmt.Errorf("-watch %s: is not local or zookeeper", o.Watch)
	case (o.Storage == StorageMongoDB) != (o.MongoURI != ""):
		return errors.New("-storage mongodb and -mongodb-uri go together")
	case (o.Watch == WatchZooKeeper) != (o.ZooKeeper != ""):
		return errors.New("-watch zookeeper and -zookeeper go together")
	}
	hosts := []string{o.Listen}
	if o.MongoURI != "" {
		found, err := mongoHosts(o.MongoURI)
		if err != nil {
			return err
		}
		hosts = append(hosts, found...)
	}
	if o.ZooKeeper != "" {
		hosts = append(hosts, strings.Split(o.ZooKeeper, ",")...)
	}
	for _, host := range hosts {
		if !isLoopback(host) {
			return fmt.Errorf("%s: is not on the loopback interface, and nothing else is loaded", host)
		}
	}
	return nil
}

// mongoHosts are the servers that a connection string names. The form that asks DNS for them is refused.
func mongoHosts(uri string) ([]string, error) {
	rest, ok := strings.CutPrefix(uri, "mongodb://")
	if !ok {
		return nil, errors.New("-mongodb-uri: does not start with mongodb://")
	}
	if !strings.Contains(uri, "directConnection=true") {
		return nil, errors.New("-mongodb-uri: has no directConnection=true, without which the hosts are used that the server names")
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		rest = rest[:i]
	}
	return strings.Split(rest[strings.LastIndexByte(rest, '@')+1:], ","), nil
}

// isLoopback says so of a host, with or without a port. A name other than localhost is not looked up.
func isLoopback(at string) bool {
	host, _, err := net.SplitHostPort(at)
	if err != nil {
		host = at
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
