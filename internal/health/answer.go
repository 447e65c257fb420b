package health

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

// problem is the body of an answer that is none of an endpoint.
type problem struct {
	Error string `json:"error"` // one word
}

// writeJSON answers with one document on a line.
func writeJSON(w http.ResponseWriter, code int, body any) {
	raw, err := json.Marshal(body)
	if err != nil {
		code, raw = http.StatusInternalServerError, []byte(`{"error":"internal"}`)
	}
	raw = append(raw, '\n')
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(raw)))
	w.WriteHeader(code)
	_, _ = w.Write(raw) // whoever has gone does not want it
}

// readOnly lets only GET and HEAD through, and nothing be kept on the way.
func readOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			writeJSON(w, http.StatusMethodNotAllowed, problem{"method_not_allowed"})
			return
		}
		next.ServeHTTP(w, r)
	})
}

// guarded asks for the token, where there is one.
func (s *Service) guarded(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.o.Token != "" && !sameToken(r.Header.Get("Authorization"), s.o.Token) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="avadb"`)
			writeJSON(w, http.StatusUnauthorized, problem{"unauthorized"})
			return
		}
		next(w, r)
	})
}

// sameToken takes the same time whatever the difference is.
func sameToken(header, token string) bool {
	scheme, given, _ := strings.Cut(header, " ")
	a, b := sha256.Sum256([]byte(strings.TrimSpace(given))), sha256.Sum256([]byte(token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
