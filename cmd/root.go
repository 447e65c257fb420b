package cmd

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"golang.org/x/term"

	"avadb/internal/fault"
	"avadb/internal/pg"
	"avadb/internal/render"
	"avadb/internal/units"
)

// app is one run of avadb: its streams, its configuration and what the persistent flags say.
type app struct {
	args        []string
	in          io.Reader
	out, errOut io.Writer
	env         func(string) string
	now         func() time.Time
	log         *slog.Logger
	asJSON      bool     // an error is one JSON object on stderr
	held        []notice // until the end, where asJSON
	nagios      bool     // whatever happens is one line on stdout and an exit code of Nagios
	nagiosSaid  bool     // that line was printed
	nagiosCode  int
	viper       *viper.Viper
	config      configFile
	flags       rootFlags
	format      render.Format
	command     *cobra.Command     // the one that runs
	stop        context.CancelFunc // ends --timeout's context
	readerGone  bool               // who read stdout has gone
	lookedAt    string             // with --watch: when this look was taken
	watching    string             // the change set that this command itself has on probation
}

// rootFlags are the persistent flags that are no configuration.
type rootFlags struct {
	dsn, service, target       string
	host, port, user, database string
	configPath, outFile        string
	noHeaders, quiet, verbose  bool
	yes                        bool
}

func newApp(in io.Reader, out, errOut io.Writer) *app {
	a := &app{in: in, out: out, errOut: errOut, env: os.Getenv, now: time.Now, viper: viper.New(), format: render.Table}
	a.log = slog.New(&noticeHandler{app: a})
	return a
}

// newRoot builds the whole command tree.
func newRoot(a *app) *cobra.Command {
	root := newCommand(spec{
		use:   "avadb",
		short: "Safe, measured and reversible changes for PostgreSQL",
		long: `avadb is a toolkit for PostgreSQL DBAs. Each change is written to a journal before it is made and can be undone
to exactly what stood before, also when the server no longer starts.`,
		example: `avadb enable-stats --restart-command 'systemctl restart postgresql'
avadb tune --ram 8GB --dry-run
avadb slow --since 1h
avadb rollback`,
	}, nil)
	root.PersistentPreRunE = func(command *cobra.Command, _ []string) error { return a.prepare(command) }
	a.addFlags(root)
	root.AddCommand(
		newEnableStats(a), newTune(a), newSlow(a), newSlowlog(a), newLogs(a), newVerify(a), newServe(a), newHistory(a), newRollback(a), newSettings(a), newConnections(a), newWarmup(a),
		newConfig(a), newDemo(a), newVersion(a), newCompletion(),
	)
	root.SetHelpCommand(newHelp(root))
	root.Version = version
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	return root
}

// flagError is the usage error of a flag. Where a group got the flags of a command it does not know, that command is
// what is wrong.
func flagError(c *cobra.Command, err error) error {
	if args := c.Flags().Args(); c.HasSubCommands() && len(args) > 0 {
		return noSubcommand(c, args)
	}
	if invalid := (*pflag.InvalidValueError)(nil); errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "strings" {
		return fault.New(fault.Usage, "--%s %q is no list of names", invalid.GetFlag().Name, invalid.GetValue()).WithHint("%s", invalid.Unwrap())
	}
	message, _, _ := strings.Cut(err.Error(), ": strconv.") // Go's own words help nobody
	return fault.New(fault.Usage, "%s", message).WithHint("%s --help lists the flags", c.CommandPath())
}

// refuseEmptyFlags refuses --only "$NAMES" where a script forgot to set NAMES: taken as not given it would change more
// than was meant, or another server.
func refuseEmptyFlags(command *cobra.Command) (err error) {
	command.Flags().Visit(func(f *pflag.Flag) {
		if value := f.Value.String(); err == nil && (value == "" || value == "[]") {
			err = fault.New(fault.Usage, "--%s is empty", f.Name).WithHint("give it a value, or leave it out")
		}
	})
	return err
}

func (a *app) addFlags(root *cobra.Command) {
	p := root.PersistentFlags()
	p.Bool("help", false, "help for the command") // without -h, which is --host as in psql
	p.StringVar(&a.flags.dsn, "dsn", "", "connection string or URL")
	p.StringVar(&a.flags.service, "service", "", "service of the pg_service.conf file")
	p.StringVar(&a.flags.target, "target", "", "named target of the configuration file")
	p.StringVarP(&a.flags.host, "host", "h", "", "server host or socket folder")
	p.StringVarP(&a.flags.port, "port", "p", "", "server port")
	p.StringVarP(&a.flags.user, "username", "U", "", "role to connect as")
	p.StringVarP(&a.flags.database, "dbname", "d", "", "database to connect to")
	p.String("store", "", "database of the server, or DSN, that holds the journal (default postgres)")
	p.StringVar(&a.flags.configPath, "config", "", "configuration file (default $XDG_CONFIG_HOME/avadb/config.yaml)")
	p.String("timeout", "", "time for the whole command, such as 30s or 5m (default none)")
	p.StringP("output", "o", "table", "format: table, plain, json, jsonl or csv")
	p.StringVar(&a.flags.outFile, "out", "", "write the result to this file instead of stdout")
	p.BoolVar(&a.flags.noHeaders, "no-headers", false, "leave the header line out")
	p.String("color", "auto", "colour: auto, always or never")
	p.BoolVarP(&a.flags.quiet, "quiet", "q", false, "results and errors only")
	p.BoolVarP(&a.flags.verbose, "verbose", "v", false, "say more about what is done")
	p.BoolVarP(&a.flags.yes, "yes", "y", false, "ask nothing")
	completeTargets(a, root)
}

// prepare reads the configuration and checks the persistent flags, once the command's own are parsed.
func (a *app) prepare(command *cobra.Command) error {
	a.command = command
	if isCompletion(command) {
		a.beQuiet(command)
		return nil
	}
	if err := refuseEmptyFlags(command); err != nil {
		return err
	}
	if err := a.loadConfig(command); err != nil {
		if !connectsToNothing(command) {
			return err
		}
		a.log.Warn(err.Error())
	}
	extra := extraFormats(command)
	format, err := render.ParseFormat(a.viper.GetString("output"), extra...)
	if err != nil {
		return err
	}
	a.format = format
	a.asJSON = format == render.JSON || format == render.JSONL
	if err := render.CheckColorMode(a.viper.GetString("color")); err != nil {
		return err
	}
	return a.limitTime(command)
}

// connectsToNothing tells the commands that work without a configuration file, and so also with a wrong one: help, and the
// repair of a server that is down above all.
func connectsToNothing(command *cobra.Command) bool {
	if command.Annotations[annotationOffline] != "" || !command.HasParent() {
		return true
	}
	offline := command.Flag("offline")
	return offline != nil && offline.Changed
}

func (a *app) limitTime(command *cobra.Command) error {
	text := a.viper.GetString("timeout")
	if text == "" {
		return nil
	}
	limit, err := units.ParseDuration(text)
	if err != nil {
		return err
	}
	if limit <= 0 {
		return fault.New(fault.Usage, "--timeout %s leaves no time", text).WithHint("give a duration such as 30s or 5m")
	}
	cause := fault.New(fault.Timeout, "the command was not done within --timeout %s", text).WithHint("give it longer with --timeout")
	ctx, cancel := context.WithTimeoutCause(command.Context(), limit, cause)
	a.stop = cancel
	command.SetContext(ctx)
	return nil
}

func (a *app) sources() pg.Sources {
	return pg.Sources{
		DSN: a.flags.dsn, Service: a.flags.service, Target: a.flags.target,
		Host: a.flags.host, Port: a.flags.port, User: a.flags.user, Database: a.flags.database,
		Env: a.env, DefaultTarget: a.config.DefaultTarget, Targets: a.config.Targets,
	}
}

// resolve gives the target that the flags, the environment and the configuration name.
func (a *app) resolve() (*pg.Target, error) {
	target, err := pg.Resolve(a.sources())
	if err != nil {
		return nil, err
	}
	for _, warning := range target.Warnings {
		a.log.Warn(warning)
	}
	return target, nil
}

// withConn runs a command's work on its one connection.
func (a *app) withConn(ctx context.Context, o pg.Options, work func(*pg.Conn) error) error {
	target, err := a.resolve()
	if err != nil {
		return err
	}
	o.Log = a.log
	conn, err := pg.Connect(ctx, target, o)
	if err != nil {
		return err
	}
	defer conn.Close()
	return work(conn)
}

// store is where the journal lives: --store, AVADB_STORE or the file, else what the named target says.
func (a *app) store(target *pg.Target) string {
	if store := a.viper.GetString("store"); store != "" {
		return store
	}
	return target.Store
}

func (a *app) colorOn(stream io.Writer) bool {
	return render.ColorWanted(a.viper.GetString("color"), a.env, isTerminal(stream))
}

func isTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

func width(stream io.Writer) int {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// extraFormats are the formats that a command knows beside the common ones.
func extraFormats(command *cobra.Command) []render.Format {
	var extra []render.Format
	for name := range strings.FieldsSeq(command.Annotations[annotationFormats]) {
		extra = append(extra, render.Format(name))
	}
	return extra
}

// changed tells whether a flag was given on this command line.
func (a *app) changed(flag string) bool {
	f := a.command.Flag(flag)
	return f != nil && f.Changed
}
