// Package about is how a table of parameters describes itself to callers: what
// the API's document says of a parameter, without how that is written there.
package about

// Type is what a parameter's text is read as.
type Type int

const (
	// String is any text.
	String Type = iota
	// Integer has 64 bits.
	Integer
	// Boolean is true or false.
	Boolean
	// Time is an instant in one of its spellings; in JSON a number too.
	Time
	// List is strings, comma separated.
	List
)

// Where is the part of a request that a parameter stands in.
type Where int

const (
	// Query is the query string; of a POST that takes its parameters from the body, the body.
	Query Where = iota
	// Header is a header of the request.
	Header
)

// Parameter is what callers are told about a parameter.
type Parameter struct {
	Name  string
	Type  Type
	Where Where
	// About is a sentence.
	About string
	// Example is a value that is understood, as it stands in a query string
	// before that is escaped.
	Example string
	// Blank: an empty Example is one.
	Blank bool
	// Prefix: Name is only what the parameter's name starts with; Example then
	// stands for the parameter whose name is Whole.
	Prefix bool
	Whole  string
	// Values are the only ones, if there are any.
	Values []string
	// Default is what stands for it when it is not given; "" is nothing.
	Default string
	// Least and Most bound an integer; nil is no bound.
	Least, Most *int64
	// Of are the actions that take the parameter, where a path has several;
	// RequiredBy are those among them that insist on it.
	Of, RequiredBy []string
	// Required: no request does without it.
	Required bool
}
