package fingerprint

import "strings"

// want is what the tokens so far make of the next value.
type want uint8

const (
	nothing   want = iota
	ofName         // a secret's name was read: a literal right behind it is the secret, or one behind an assignment
	ofProgram      // behind PROGRAM: a command line
	ofValue        // behind the assignment to a secret
	ofMore         // behind a value of SET, which a comma and another one may follow
)

// call is where in the arguments of set_config the tokens are.
type call uint8

const (
	outside call = iota
	before       // behind the function's name
	inName
	inValue // of a secret
)

// clause follows the tokens of a statement and tells which values are secrets.
type clause struct {
	begun      bool // a word of the statement was read
	parameters bool // the statement is a SET or an ALTER: what they set are parameters, whose values may be words
	set        bool // behind SET
	dotted     bool // behind the dot of a name
	secret     bool // the name that was read last is a secret's
	password   bool // and so plainly that = assigns to it anywhere
	next       want

	depth     int // of parentheses
	call      call
	callDepth int
	named     bool // the parameter that set_config sets is a secret
}

// name reads a word or a quoted name, and tells whether it is itself the value of a secret.
func (c *clause) name(text string, quoted bool) (value bool) {
	dotted, keyword := c.dotted, ""
	c.dotted = false
	if !quoted {
		keyword = strings.ToLower(text)
	}
	if !c.begun {
		c.begun, c.parameters = true, keyword == "set" || keyword == "alter"
	}
	switch {
	case c.next == ofValue && c.parameters && c.set:
		if c.next = ofMore; isPassword(text) { // what follows may be one, whatever this is
			c.part(text, false)
		}
		return keyword != "default"
	case keyword == "to" && c.next == ofName && c.set:
		c.next = ofValue
	case keyword == "set":
		c.set, c.next = true, nothing
	case keyword == "where" || keyword == "from" || keyword == "returning" || keyword == "when":
		c.set, c.next = false, nothing
	case keyword == "program":
		c.next = ofProgram
	case c.call == inName && keyword == "new_value": // set_config(new_value => ..., setting_name => ...)
		c.call = inValue
	default:
		c.part(text, dotted)
	}
	return false
}

// part reads one more part of a name, or the first.
func (c *clause) part(text string, dotted bool) {
	c.secret = dotted && c.secret || isSecret(text, dotted)
	c.password = isPassword(text)
	c.next = nothing
	if c.secret {
		c.next = ofName
	}
	if strings.EqualFold(text, "set_config") {
		c.call = before
	} else if c.call == before {
		c.call = outside
	}
}

// operator reads one.
func (c *clause) operator(text string) {
	c.dotted = false
	named := text == "=>" || text == ":="
	switch {
	case !isAssignment(text):
		c.next = nothing
	case c.next == ofName && (named || c.password || c.set), c.next == ofValue:
		c.next = ofValue
	default:
		c.next = nothing
	}
}

// literal reads one that is no parameter, and tells whether it is a secret. text is what it holds.
func (c *clause) literal(text string) (secret bool) {
	c.dotted = false
	secret = c.next == ofName || c.next == ofProgram || c.next == ofValue || c.call == inValue
	if c.call == inName {
		c.named = c.named || isSecretSetting(text)
	}
	if c.next == ofValue && c.parameters && c.set {
		c.next = ofMore
	} else {
		c.next = nothing
	}
	return secret
}

// parameter reads $1.
func (c *clause) parameter() { c.dotted, c.next = false, nothing }

// open reads an opening bracket: password = ('...').
func (c *clause) open() {
	c.dotted = false
	c.depth++
	if c.next != ofValue && (c.next != ofName || !c.password) {
		c.next = nothing
	}
	if c.call == before {
		c.call, c.callDepth, c.named = inName, c.depth, false
	}
}

// shut reads a closing one.
func (c *clause) shut() {
	c.dotted, c.next = false, nothing
	if c.depth == c.callDepth {
		c.call = outside
	}
	c.depth--
}

// single reads any other byte.
func (c *clause) single(b byte) {
	c.dotted = b == '.'
	switch {
	case b == ';':
		*c = clause{depth: c.depth, call: c.call, callDepth: c.callDepth, named: c.named}
	case b == ',' && c.next == ofMore:
		c.next = ofValue
		return
	case b == ',' && c.depth == c.callDepth && c.call == inName && c.named:
		c.call = inValue
	case b == ',' && c.depth == c.callDepth && c.call != before:
		c.call = outside
	}
	c.next = nothing
}
