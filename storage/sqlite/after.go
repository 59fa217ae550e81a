package sqlite

// behind is what groups, whose sources are ranges of ids, have behind the id.
func behind(groups []group, id string) []group {
	if id == "" {
		return groups
	}
	var left []group
	for _, g := range groups {
		g.sources, g.byTime = sourcesBehind(g.sources, id), sourcesBehind(g.byTime, id)
		if len(g.sources) > 0 {
			left = append(left, g)
		}
	}
	return left
}

func sourcesBehind(sources []source, id string) (left []source) {
	lo := id + "\x00" // the smallest id greater than it
	for _, src := range sources {
		src.lo = max(src.lo, lo)
		if hi, ok := src.hi.(string); !ok || src.lo < hi {
			left = append(left, src)
		}
	}
	return left
}
