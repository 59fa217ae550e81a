package conf

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	koanfyaml "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// How the file itself is named. It has no YAML key: a file cannot name another one.
const (
	FlagConfig = "config"
	EnvConfig  = "BCS_STORAGE_CONFIG"
)

const separator = "."

// Load returns the configuration that the defaults, the file, the environment and the flags give together; the later one
// wins. environ is in the form of os.Environ. flags holds the flags that were given, by name without dashes.
//
// The error joins every problem of all three sources, also those of values that a later source replaces: what is wrong
// in a file is wrong on the day the flag is gone, too. Each problem names its key and where the value is from.
func Load(environ []string, flags map[string]string) (Config, error) {
	l := loader{values: valuesOf(Default()), from: map[string]string{}}
	l.readFile(environ, flags)
	l.readEnviron(environ)
	l.readFlags(flags)
	return l.config()
}

// loader holds what is known so far: the value of each setting, how it was given, and what could not be taken.
type loader struct {
	values *koanf.Koanf
	from   map[string]string
	found  []error
}

func (l *loader) readFile(environ []string, flags map[string]string) {
	path, from, given := filePath(environ, flags)
	if !given {
		return
	}
	if path == "" {
		l.refuse(FlagConfig, "names no file", from)
		return
	}
	tree := koanf.New(separator)
	if err := tree.Load(file.Provider(path), oneDocument{koanfyaml.Parser()}); err != nil {
		l.refuseFile(path, from, err)
		return
	}
	for _, key := range tree.Keys() {
		l.setFromFile(key, tree.Get(key), path)
	}
}

func filePath(environ []string, flags map[string]string) (path, from string, given bool) {
	if path, given = flags[FlagConfig]; given {
		return path, "--" + FlagConfig, true
	}
	path, given = Lookup(environ, EnvConfig)
	return path, EnvConfig, given
}

// refuseFile takes the reader's list of mistakes apart, so that each is a problem of its own.
func (l *loader) refuseFile(path, from string, err error) {
	if list, ok := errors.AsType[*yaml.TypeError](err); ok {
		for _, mistake := range list.Errors {
			l.refuse(path, mistake, "")
		}
		return
	}
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		err = failure.Err // the path is in the message already
	}
	l.refuse(FlagConfig, oneLine(err).Error(), from+" "+path)
}

func (l *loader) setFromFile(key string, raw any, path string) {
	s, known := find(key)
	switch {
	case known:
		l.set(s, raw, path)
	case !isGroup(key):
		l.refuse(key, "unknown setting", path)
	case !empty(raw):
		l.refuse(key, "is a group of settings, not a setting", path)
	}
}

// empty is a group whose settings are all commented out.
func empty(raw any) bool {
	group, ok := raw.(map[string]any)
	return raw == nil || ok && len(group) == 0
}

func (l *loader) readEnviron(environ []string) {
	l.found = append(l.found, unknownVariables(environ)...)
	for _, s := range table {
		if written, given := Lookup(environ, s.Env); given {
			l.set(s, written, s.Env)
		}
	}
}

func (l *loader) readFlags(flags map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(flags)) {
		i := slices.IndexFunc(table, func(s Setting) bool { return s.Flag != "" && s.Flag == name })
		switch {
		case i >= 0:
			l.set(table[i], flags[name], "--"+name)
		case name != FlagConfig:
			l.refuse("--"+name, "unknown flag", "")
		}
	}
}

// set takes a value that its row allows. Any other is a problem of this source and leaves what was there before.
func (l *loader) set(s Setting, raw any, from string) {
	value, err := s.parse(raw, l.values.Get(s.Key))
	if err == nil {
		err = s.check(value)
	}
	if err == nil {
		err = l.values.Set(s.Key, value)
	}
	if err != nil {
		l.refuse(s.Key, err.Error(), from)
		return
	}
	l.from[s.Key] = from
}

func (l *loader) refuse(key, reason, from string) {
	l.found = append(l.found, problem{key, reason, from})
}

func (l *loader) config() (Config, error) {
	if err := errors.Join(append(l.found, problems(l.values, l.from)...)...); err != nil {
		return Config{}, err
	}
	var c Config
	strict := koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{ErrorUnused: true, ErrorUnset: true}}
	if err := l.values.UnmarshalWithConf("", &c, strict); err != nil {
		return Config{}, fmt.Errorf("settings and their table differ: %w", err)
	}
	return c, nil
}

// valuesOf is c by key. To read a struct and to merge it into nothing cannot fail, so there is no error to hand on.
func valuesOf(c Config) *koanf.Koanf {
	values := koanf.New(separator)
	if err := values.Load(structs.Provider(c, "koanf"), nil); err != nil {
		panic(err)
	}
	return values
}

// oneDocument is the YAML parser without its habit of dropping what follows the first document.
type oneDocument struct{ *koanfyaml.YAML }

func (p oneDocument) Unmarshal(b []byte) (map[string]any, error) {
	documents := yaml.NewDecoder(strings.NewReader(string(b)))
	for n := 0; ; n++ {
		var document yaml.Node
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return p.YAML.Unmarshal(b)
		}
		if err != nil {
			return nil, err
		}
		if n > 0 {
			return nil, fmt.Errorf("line %d: a second document begins, only one is read", document.Line)
		}
	}
}
