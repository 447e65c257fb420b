package poolsize

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
)

// Place is the server and the database that the snippets name. The role and its password are the application's own.
type Place struct {
	Host     string // name, address or socket folder
	Port     int
	Database string
	Major    int
}

// Env is the advice as lines that a shell, systemd's EnvironmentFile and docker's --env-file read.
func Env(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		if strings.HasPrefix(l.Name, "DB_") {
			fmt.Fprintf(&b, "%s=%d\n", l.Name, l.Value)
		}
	}
	return b.String()
}

// PgBouncer is pgbouncer.ini for transaction pooling. [pgbouncer] comes last: a line that is put below it counts.
func PgBouncer(p Place, in Input, a Advice) string {
	var b strings.Builder
	pool := a.Pooler
	fmt.Fprintf(&b, "; %d instances, each with DB_POOL_MIN=%d and DB_POOL_MAX=%d, connecting here instead of to the server.\n", in.Instances, pool.ClientPoolMin, pool.ClientPoolMax)
	b.WriteString("; Transaction pooling: no SET, LISTEN, temporary table or advisory lock outlives its transaction.\n[databases]\n")
	fmt.Fprintf(&b, "%s = host=%s port=%d%s\n\n", iniName(p.Database), iniValue(p.Host), p.Port, iniDatabase(p.Database))
	b.WriteString("[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = 6432\nauth_type = scram-sha-256\nauth_file = /etc/pgbouncer/userlist.txt\n")
	b.WriteString("pool_mode = transaction\nignore_startup_parameters = extra_float_digits\n")
	b.WriteString("; From 1.21 up prepared statements work in transaction pooling:\n;max_prepared_statements = 100\n\n")
	for _, line := range []struct {
		name  string
		value int
		why   string
	}{
		{"default_pool_size", pool.DefaultPoolSize, "connections to the server, for each pair of user and database"},
		{"min_pool_size", pool.MinPoolSize, "kept open"},
		{"reserve_pool_size", pool.ReservePoolSize, "more of them, where a client has waited for reserve_pool_timeout"},
		{"reserve_pool_timeout", 1, ""},
		{"max_db_connections", pool.MaxDBConns, "to the server in all, which has room for " + strconv.Itoa(max(in.Limits.Room, 0))},
		{"max_client_conn", pool.MaxClientConn, "the pools of all instances, and some for people"},
		{"server_connect_timeout", ConnectTimeout, "seconds"},
		{"query_wait_timeout", QueryTimeout, "seconds that a client waits for a connection"},
		{"query_timeout", 2 * TransactionTimeout, "seconds; statement_timeout of the role should end a query before"},
		{"idle_transaction_timeout", TransactionTimeout, "seconds"},
	} {
		if line.why != "" {
			fmt.Fprintf(&b, "; %s\n", line.why)
		}
		fmt.Fprintf(&b, "%s = %d\n", line.name, line.value)
	}
	return b.String()
}

const plainName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"

// iniName is a database as PgBouncer's [databases] names it: * is any, for a name that would have to be quoted, because PgBouncer's
// parser refuses the quotes that its documentation speaks of (pgbouncer issue 971).
func iniName(name string) string {
	if name != "" && strings.Trim(name, plainName) == "" {
		return name
	}
	return "*"
}

func iniDatabase(name string) string {
	if iniName(name) == "*" {
		return ""
	}
	return " dbname=" + iniValue(name)
}

func iniValue(value string) string {
	if strings.Trim(value, plainName+":/") == "" && value != "" {
		return value
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// timeouts are the server's parameters of a session, in milliseconds, in their order.
func (p Place) timeouts() [][2]string {
	list := [][2]string{
		{"statement_timeout", strconv.Itoa(QueryTimeout * 1000)},
		{"idle_in_transaction_session_timeout", strconv.Itoa(TransactionTimeout * 1000)},
	}
	if p.Major >= 17 {
		list = append(list, [2]string{"transaction_timeout", strconv.Itoa(TransactionTimeout * 1000)})
	}
	return list
}

// onSocket tells a folder from a host: not every driver speaks through a socket.
func (p Place) onSocket() bool {
	return strings.HasPrefix(p.Host, "/") || strings.HasPrefix(p.Host, "@")
}

func (p Place) address() string {
	host := p.Host
	if p.onSocket() || host == "" {
		host = "localhost"
	}
	return net.JoinHostPort(host, strconv.Itoa(p.Port))
}

// Pgx is a connection string for pgxpool.ParseConfig.
func Pgx(p Place, a Advice) string {
	u := url.URL{Scheme: "postgres", Host: p.address(), Path: "/" + p.Database}
	values := url.Values{}
	if p.onSocket() {
		u.Host = ""
		values.Set("host", p.Host)
		values.Set("port", strconv.Itoa(p.Port))
	}
	values.Set("pool_min_conns", strconv.Itoa(a.Min))
	values.Set("pool_max_conns", strconv.Itoa(a.Max))
	values.Set("pool_max_conn_lifetime", "30m")
	values.Set("pool_max_conn_lifetime_jitter", "5m")
	values.Set("pool_max_conn_idle_time", "10m")
	values.Set("connect_timeout", strconv.Itoa(ConnectTimeout))
	for _, t := range p.timeouts() {
		values.Set(t[0], t[1])
	}
	u.RawQuery = values.Encode()
	return u.String() + "\n"
}

// Hikari is a properties file for HikariConfig.
func Hikari(p Place, a Advice) string {
	var options []string
	for _, t := range p.timeouts() {
		options = append(options, "-c "+t[0]+"="+t[1])
	}
	var lines []string
	if p.onSocket() {
		lines = append(lines, "# The server was reached through a socket, which the driver cannot do: localhost stands for its host.")
	}
	lines = append(lines,
		"jdbcUrl=jdbc:postgresql://"+p.address()+"/"+url.PathEscape(p.Database),
		fmt.Sprintf("minimumIdle=%d", a.Min),
		fmt.Sprintf("maximumPoolSize=%d", a.Max),
		"# milliseconds; the wait for a free connection",
		fmt.Sprintf("connectionTimeout=%d", ConnectTimeout*1000),
		"idleTimeout=600000",
		"maxLifetime=1800000",
		"# seconds",
		fmt.Sprintf("dataSource.connectTimeout=%d", ConnectTimeout),
		"dataSource.options="+strings.Join(options, " "),
	)
	return strings.Join(lines, "\n") + "\n"
}

// Asyncpg is a Python function that makes the pool.
func Asyncpg(p Place, a Advice) string {
	var settings []string
	for _, t := range p.timeouts() {
		settings = append(settings, fmt.Sprintf("            %s: %s,\n", python(t[0]), python(t[1])))
	}
	host := p.Host
	if host == "" {
		host = "localhost"
	}
	return fmt.Sprintf(`import asyncpg


async def create_pool(user: str, password: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(
        host=%s,
        port=%d,
        database=%s,
        user=user,
        password=password,
        min_size=%d,
        max_size=%d,
        timeout=%d,
        command_timeout=%d,
        max_inactive_connection_lifetime=600,
        server_settings={
%s        },
    )
`, python(host), p.Port, python(p.Database), a.Min, a.Max, ConnectTimeout, QueryTimeout, strings.Join(settings, ""))
}

// python is a text as a literal of Python, which reads JSON's.
func python(text string) string {
	raw, err := json.Marshal(text)
	if err != nil { // no text fails
		return `""`
	}
	return string(raw)
}
