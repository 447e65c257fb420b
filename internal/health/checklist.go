package health

import (
	"context"
	"time"

	"avadb/internal/checks"
	"avadb/internal/fault"
	"avadb/internal/units"
)

// checklistLimit is the time of one run.
const checklistLimit = time.Minute

// runChecklist runs it again and again until the context ends.
func (s *Service) runChecklist(ctx context.Context) {
	if s.o.Checklist == nil {
		return
	}
	failing := ""
	for {
		results, err := s.checklistInTime(ctx)
		if ctx.Err() != nil {
			return
		}
		s.keepResults(results, err, time.Now())
		switch {
		case err == nil:
			failing = ""
		case failing != err.Error():
			failing = err.Error()
			s.o.Log.Warn("the checklist could not be run: " + failing)
		}
		pause := time.NewTimer(s.o.CheckEvery)
		select {
		case <-ctx.Done():
			pause.Stop()
			return
		case <-pause.C:
		}
	}
}

func (s *Service) checklistInTime(ctx context.Context) ([]checks.Result, error) {
	limit := fault.New(fault.Timeout, "not done within %s", units.FormatDuration(checklistLimit))
	bounded, stop := context.WithTimeoutCause(ctx, checklistLimit, limit)
	defer stop()
	return s.o.Checklist(bounded)
}

// keepResults keeps what the metrics show. Of a run that failed nothing was seen: an old OK must not stand.
func (s *Service) keepResults(results []checks.Result, err error, now time.Time) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err != nil {
		for _, c := range checks.All() {
			results = append(results, checks.Result{ID: c.ID, Status: checks.Skip, Blind: true})
		}
		s.results = results
		return
	}
	s.results, s.checkedAt = results, now
}
