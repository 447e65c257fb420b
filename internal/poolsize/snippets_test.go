package poolsize

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

func places() []Place {
	return []Place{
		{Host: "db.example.com", Port: 5432, Database: "shop", Major: 15},
		{Host: "/var/run/postgresql", Port: 5433, Database: `odd "one' %41/?#&`, Major: 17},
		{Host: "::1", Port: 5432, Database: "Läden\nund mehr", Major: 18},
	}
}

func advice() (Input, Advice) {
	in := Input{Instances: 3, CPUs: 8, Spindles: 1, Limits: limits(100, 0), Load: load(6, 0), Utilisation: 0.7}
	return in, Advise(in)
}

func TestPgx(t *testing.T) {
	_, a := advice()
	for _, p := range places() {
		config, err := pgxpool.ParseConfig(strings.TrimSpace(Pgx(p, a)))
		if err != nil {
			t.Fatal(err)
		}
		conn := config.ConnConfig
		if conn.Host != p.Host || int(conn.Port) != p.Port || conn.Database != p.Database {
			t.Errorf("%q %d %q", conn.Host, conn.Port, conn.Database)
		}
		if int(config.MaxConns) != a.Max || int(config.MinConns) != a.Min || conn.ConnectTimeout != 5*time.Second || config.MaxConnLifetime != 30*time.Minute {
			t.Errorf("%+v", config)
		}
		if conn.RuntimeParams["statement_timeout"] != "30000" || conn.RuntimeParams["idle_in_transaction_session_timeout"] != "60000" || (conn.RuntimeParams["transaction_timeout"] == "60000") != (p.Major >= 17) {
			t.Errorf("%v", conn.RuntimeParams)
		}
		for name := range conn.RuntimeParams {
			if strings.HasPrefix(name, "pool_") {
				t.Errorf("the pool does not know %s, and the server would refuse it", name)
			}
		}
	}
}

// What HikariConfig has setters for, of what the snippet uses; dataSource. goes to the driver.
func TestHikari(t *testing.T) {
	known := []string{"jdbcUrl", "minimumIdle", "maximumPoolSize", "connectionTimeout", "idleTimeout", "maxLifetime"}
	_, a := advice()
	for _, p := range places() {
		seen := map[string]string{}
		for line := range strings.Lines(Hikari(p, a)) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, "#") {
				continue
			}
			key, value, found := strings.Cut(line, "=")
			if _, twice := seen[key]; !found || twice || strings.ContainsAny(line, "\\\r") || !slices.Contains(known, key) && !strings.HasPrefix(key, "dataSource.") {
				t.Errorf("%q", line)
			}
			seen[key] = value
		}
		if seen["maximumPoolSize"] != strconv.Itoa(a.Max) || seen["minimumIdle"] != strconv.Itoa(a.Min) {
			t.Errorf("%v", seen)
		}
		if ms, err := strconv.Atoi(seen["connectionTimeout"]); err != nil || ms < 250 { // HikariCP refuses less
			t.Errorf("connectionTimeout %v, %v", seen["connectionTimeout"], err)
		}
		if !regexp.MustCompile(`^jdbc:postgresql://[^/\s]+:\d+/[^/\s"'?#]+$`).MatchString(seen["jdbcUrl"]) {
			t.Errorf("%q", seen["jdbcUrl"])
		}
	}
}

func TestAsyncpg(t *testing.T) {
	_, a := advice()
	for _, p := range places() {
		text := Asyncpg(p, a)
		if strings.Count(text, "(") != strings.Count(text, ")") || strings.Count(text, "{") != strings.Count(text, "}") {
			t.Errorf("%s", text)
		}
		for line := range strings.Lines(text) { // a literal that ends in the line it began in
			quotes := strings.Count(strings.ReplaceAll(line, `\"`, ""), `"`)
			if quotes%2 != 0 {
				t.Errorf("%q", line)
			}
		}
		for _, argument := range []string{"min_size=" + strconv.Itoa(a.Min), "max_size=" + strconv.Itoa(a.Max), "timeout=5", "command_timeout=30"} {
			if !strings.Contains(text, "        "+argument+",\n") {
				t.Errorf("%s is not in\n%s", argument, text)
			}
		}
	}
}

func TestPgBouncerNamesDatabases(t *testing.T) {
	in, a := advice()
	for i, want := range []string{
		"\nshop = host=db.example.com port=5432 dbname=shop\n", "\n* = host=/var/run/postgresql port=5433\n", "\n* = host=::1 port=5432\n",
	} {
		if text := PgBouncer(places()[i], in, a); !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestEnv(t *testing.T) {
	_, a := advice()
	line := regexp.MustCompile(`^DB_[A-Z_]+=[0-9]+\n$`)
	n := 0
	for l := range strings.Lines(Env(a.Lines)) {
		n++
		if !line.MatchString(l) {
			t.Errorf("%q", l)
		}
	}
	if n != 5 {
		t.Errorf("%d lines", n)
	}
}
