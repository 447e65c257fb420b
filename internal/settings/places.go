package settings

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode"

	"avadb/internal/units"
)

// A plan in the form of the place that decides the configuration of a server where ALTER SYSTEM is not the way.

// PatroniYAML is what goes into Patroni's dynamic configuration (patronictl edit-config).
func PatroniYAML(plan []Setting) string {
	return "postgresql:\n  parameters:\n" + yamlLines(plan, "    ")
}

// KubernetesYAML is what goes into a Cluster of CloudNativePG.
func KubernetesYAML(plan []Setting) string {
	return "spec:\n  postgresql:\n    parameters:\n" + yamlLines(plan, "      ")
}

func yamlLines(plan []Setting, indent string) string {
	var b strings.Builder
	for _, line := range plan {
		if line.Value != nil {
			b.WriteString(indent + line.Name + ": " + yamlText(*line.Value) + "\n")
		}
	}
	return b.String()
}

// yamlText is a scalar that YAML reads as this text. Control characters and line breaks need double quotes, where they are
// escaped as in Go.
func yamlText(value string) string {
	if strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(value)
	}
	return "'" + strings.ReplaceAll(value, "'", "''") + "'"
}

// RDSCommand sets the plan in a parameter group of Amazon RDS or Aurora, which takes bare numbers of base units. It is written
// as JSON: the short form of aws parts a value at its commas.
func RDSCommand(plan []Setting) string {
	type parameter struct{ ParameterName, ParameterValue, ApplyMethod string }
	var lines []string
	for _, line := range plan {
		if line.Value == nil {
			continue
		}
		when := "immediate"
		if line.Context == effect("postmaster") {
			when = "pending-reboot"
		}
		text, err := json.Marshal(parameter{line.Name, line.inBase(), when})
		if err != nil { // three strings cannot fail
			continue
		}
		lines = append(lines, "  "+string(text))
	}
	return "aws rds modify-db-parameter-group --db-parameter-group-name GROUP --parameters " + quoteWord("[\n"+strings.Join(lines, ",\n")+"\n]")
}

// CloudSQLCommand sets the plan on an instance of Google Cloud SQL, which replaces all its flags. Where a value holds a comma,
// another delimiter is named (gcloud topic escaping).
func CloudSQLCommand(plan []Setting) string {
	var flags []string
	for _, line := range plan {
		if line.Value != nil {
			flags = append(flags, line.Name+"="+line.inBase())
		}
	}
	list := strings.Join(flags, ",")
	for _, delimiter := range []string{";", "|", "#", "~", ";;;"} {
		if all := strings.Join(flags, ""); strings.Contains(all, ",") && !strings.Contains(all, delimiter) {
			list = "^" + delimiter + "^" + strings.Join(flags, delimiter)
			break
		}
	}
	return "gcloud sql instances patch INSTANCE --database-flags " + quoteWord(list)
}

// AzureCommands set the plan on a flexible server of Azure Database, one parameter at a time.
func AzureCommands(plan []Setting) string {
	var lines []string
	for _, line := range plan {
		if line.Value != nil {
			lines = append(lines, "az postgres flexible-server parameter set --resource-group GROUP --server-name SERVER --name "+line.Name+" --value "+quoteWord(line.inBase()))
		}
	}
	return strings.Join(lines, "\n")
}

// inBase is the value in the parameter's base units, without one: the providers' consoles know no 64MB.
func (s Setting) inBase() string {
	if n, ok := units.Base(*s.Value, s.unit); ok && s.unit != "" {
		return units.FormatBase(n, "")
	}
	return *s.Value
}

func quoteWord(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }
