package mongo

import (
	"slices"
	"strings"
	"unicode/utf8"

	"bcs-storage/storage"
)

// maxFieldParts is how long a path may be to be asked of the server. It can
// pass two levels a part (an object and the array around it), which has to be
// less than maxCopyDepth.
const maxFieldParts = 32

// field is the path of the copy that stands for a path of the body; false for
// a path that the server would walk in another way than storage.Match does. A
// part in digits is one: it may be an array's index, and the copy has no
// arrays within arrays.
func field(path storage.Path) (string, bool) {
	if len(path) == 0 || slices.ContainsFunc(path, isDigits) {
		return "", false
	}
	return projected(path)
}

func isDigits(part string) bool {
	return part != "" && strings.Trim(part, "0123456789") == ""
}

// projected is the path of the copy that the server is asked for to answer a
// path of the body. In projections digits are names, as in storage.Projection.
func projected(path storage.Path) (string, bool) {
	if len(path) > maxFieldParts {
		return "", false
	}
	var b strings.Builder
	b.WriteString(nameCopy)
	for _, part := range path {
		if !utf8.ValidString(part) {
			return "", false
		}
		b.WriteByte('.')
		b.WriteString(escapeKey(part))
	}
	return b.String(), true
}
