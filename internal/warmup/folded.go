package warmup

import "fmt"

// Folded are rows for a person: the catalogue's many small relations are one, where the first of them stands.
func Folded(rows []Row) []Row {
	var out []Row
	var whole Row
	n, at := 0, 0
	actions := map[string]bool{}
	for _, r := range rows {
		if r.Kind != "catalog" {
			out = append(out, r)
			continue
		}
		if n == 0 {
			at, whole = len(out), r
			out = append(out, Row{})
		} else {
			whole.add(r)
		}
		n++
		actions[r.Action] = true
	}
	if n < 2 {
		return rows
	}
	whole.Relation, whole.RankedBy = fmt.Sprintf("pg_catalog.* (%d relations)", n), ""
	if delete(actions, Resident); len(actions) > 1 || actions[Skipped] {
		whole.Action = Partial
	} else {
		for one := range actions {
			whole.Action = one
		}
	}
	if whole.Reason = ""; whole.Action == Partial {
		whole.Reason = "see -o json"
	}
	out[at] = whole
	return out
}

func (r *Row) add(other Row) {
	benefit := func(r Row) float64 {
		if r.Benefit == nil {
			return 0
		}
		return *r.Benefit * float64(r.Bytes)
	}
	mean := (benefit(*r) + benefit(other)) / float64(r.Bytes+other.Bytes)
	r.Benefit = &mean
	r.Bytes += other.Bytes
	if r.ResidentBytes != nil && other.ResidentBytes != nil {
		sum := *r.ResidentBytes + *other.ResidentBytes
		r.ResidentBytes = &sum
	}
	r.Asked += other.Asked
	r.Read += other.Read
	r.PlannedBytes += other.PlannedBytes
	r.LoadedBytes += other.LoadedBytes
	r.MS += other.MS
}
