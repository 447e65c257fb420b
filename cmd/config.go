package cmd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v3"

	"avadb/internal/fault"
	"avadb/internal/pg"
)

// configFile is config.yaml. All scalars are read as text and parsed by avadb's own parsers, which return errors: left
// to viper, `timeout: 30` would be 30 ns and `port: 05432` octal.
type configFile struct {
	Output        string                     `yaml:"output"`
	Color         string                     `yaml:"color"`
	Timeout       string                     `yaml:"timeout"`
	Store         string                     `yaml:"store"`
	DefaultTarget string                     `yaml:"default_target"`
	Targets       map[string]pg.TargetConfig `yaml:"targets"`
}

// scalars are the keys that a flag and an environment variable can give as well: --output, AVADB_OUTPUT, output.
func scalars() []string { return []string{"output", "color", "timeout", "store"} }

func (a *app) configPath() string {
	if a.flags.configPath != "" {
		return a.flags.configPath
	}
	if dir := a.env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "avadb", "config.yaml")
	}
	if dir := a.env("APPDATA"); dir != "" {
		return filepath.Join(dir, "avadb", "config.yaml")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".config", "avadb", "config.yaml")
}

// loadConfig lays flags over the environment over the file. Only the flags of the command that runs are bound.
func (a *app) loadConfig(command *cobra.Command) error {
	a.viper.SetEnvPrefix("AVADB")
	for _, key := range scalars() {
		if err := errors.Join(a.viper.BindEnv(key), a.viper.BindPFlag(key, command.Flag(key))); err != nil {
			return err
		}
	}
	if err := a.readConfigFile(); err != nil {
		a.config = configFile{} // not the half of it that could be read
		return err
	}
	file := map[string]any{}
	for key, value := range map[string]string{
		"output": a.config.Output, "color": a.config.Color, "timeout": a.config.Timeout, "store": a.config.Store,
	} {
		if value != "" {
			file[key] = value
		}
	}
	return a.viper.MergeConfigMap(file)
}

func (a *app) readConfigFile() error {
	path := a.configPath()
	raw, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && a.flags.configPath == "" || path == "" {
		return nil
	}
	if err != nil {
		return fault.New(fault.Config, "read the configuration file: %w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&a.config); err != nil && !errors.Is(err, io.EOF) {
		return fault.New(fault.Config, "the configuration file %s is wrong: %s", path, yamlMessage(err)).
			WithHint("known keys: output, color, timeout, store, default_target, targets; in a target: dsn, service, host, port, user, database, sslmode, store; "+
				"to go without the file: --config %s", os.DevNull)
	}
	return nil
}

// yamlMessage is yaml's own message on one line, without the names of our types.
func yamlMessage(err error) string {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	text = strings.ReplaceAll(text, "unmarshal errors:\n  ", "")
	text = strings.NewReplacer("field ", "key ", " not found in type cmd.configFile", " is unknown",
		" not found in type pg.TargetConfig", " is unknown", "\n  ", "; ").Replace(text)
	return text
}
