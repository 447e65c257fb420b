package pglog

import "bytes"

// phrase is what follows a duration in a translated message.
type phrase struct {
	text  string
	kind  Kind
	where place
}

// place of a statement's name relative to a phrase.
type place uint8

const (
	unnamed place = iota // the statement follows at once
	before               // its name stands before the statement, up to a colon
	within               // the name stands before the phrase
)

// language is how a translated server says a duration: these words stand in its catalogue postgres-N.mo.
type language struct {
	word, unit string
	phrases    []phrase
}

// languages of which durations are read. What a server says in another one counts as a message of its severity and no more.
var languages = []language{
	{"Dauer: ", " ms", []phrase{
		{"  Anweisung: ", KindStatement, unnamed},
		{"  Parsen ", KindParse, before},
		{"  Binden ", KindBind, before},
		{"  Ausführen Fetch von ", KindFetch, before},
		{"  Ausführen ", KindExecute, before},
		{"  Fastpath-Funktionsaufruf: ", KindFastpath, unnamed},
		{"  Plan:", KindPlan, unnamed},
	}},
	{"durée : ", " ms", []phrase{
		{", instruction : ", KindStatement, unnamed},
		{", analyse ", KindParse, before},
		{", lien ", KindBind, before},
		{"  exécute fetch à partir de ", KindFetch, before},
		{"  exécute ", KindExecute, before},
		{", appel de fonction fastpath : ", KindFastpath, unnamed},
	}},
	{"duración: ", " ms", []phrase{
		{"  sentencia: ", KindStatement, unnamed},
		{"  parse: ", KindParse, before},
		{"  bind ", KindBind, before},
		{"  ejecutar fetch desde ", KindFetch, before},
		{"  ejecutar ", KindExecute, before},
		{"  llamada a función fastpath: ", KindFastpath, unnamed},
	}},
	{"durata: ", " ms", []phrase{
		{"  istruzione: ", KindStatement, unnamed},
		{"  analisi di ", KindParse, before},
		{"  bind ", KindBind, before},
		{"  esecuzione di fetch da ", KindFetch, before},
		{"  esecuzione di ", KindExecute, before},
		{"  chiamata funzione fastpath: ", KindFastpath, unnamed},
	}},
	{"期間: ", "ミリ秒", []phrase{
		{"  文: ", KindStatement, unnamed},
		{"  パース", KindParse, before},
		{"  バインド ", KindBind, before},
		{"  取り出し実行 ", KindFetch, before},
		{"  実行 ", KindExecute, before},
		{" ファストパス関数呼び出し: ", KindFastpath, unnamed},
	}},
	{"실행시간: ", " ms", []phrase{{"  명령 구문: ", KindStatement, unnamed}, {" 구문분석: ", KindParse, within}, {" 접속: ", KindBind, within}}},
	{"수행시간: ", " ms", []phrase{{"  자료뽑기 ", KindFetch, before}, {"  쿼리실행 ", KindExecute, before}}},
	{"продолжительность: ", " мс", []phrase{
		{", оператор: ", KindStatement, unnamed},
		{", разбор ", KindParse, before},
		{", сообщение Bind ", KindBind, before},
		{"  выборка из ", KindFetch, before},
		{"  выполнение ", KindExecute, before},
	}},
	{"varaktighet: ", " ms", []phrase{
		{"  sats: ", KindStatement, unnamed},
		{"  parse ", KindParse, before},
		{"  bind ", KindBind, before},
		{"  kör hämtning från ", KindFetch, before},
		{"  kör ", KindExecute, before},
		{"  fastpath funktionsanrop: ", KindFastpath, unnamed},
	}},
	{"тривалість: ", " мс", []phrase{
		{", оператор: ", KindStatement, unnamed},
		{", аналізування ", KindParse, before},
		{", повідомлення bind ", KindBind, before},
		{" виконати витягнення з ", KindFetch, before},
		{" виконувати ", KindExecute, before},
		{", виклик функції fastpath: ", KindFastpath, unnamed},
	}},
	{"执行时间: ", " ms", []phrase{
		{" 语句: ", KindStatement, unnamed}, {"  解析 ", KindParse, before}, {" 绑定", KindBind, before}, {" 执行FETCH操作", KindFetch, before}, {" 执行", KindExecute, before},
	}},
}

// foreignTiming reads a translated message that begins with a duration.
func foreignTiming(text []byte) Timing {
	for i := range languages {
		l := &languages[i]
		if len(text) < len(l.word) || text[0] != l.word[0] || string(text[:len(l.word)]) != l.word {
			continue
		}
		us, n, ok := thousandths(text, len(l.word))
		if !ok {
			continue
		}
		rest := bytes.TrimPrefix(text[n:], []byte(" "))
		unit := bytes.TrimPrefix([]byte(l.unit), []byte(" "))
		if !bytes.HasPrefix(rest, unit) {
			continue
		}
		return l.timing(us, rest[len(unit):])
	}
	return Timing{}
}

func (l *language) timing(us int64, rest []byte) Timing {
	t := Timing{Kind: KindBare, US: us}
	for _, p := range l.phrases {
		at := 0
		if p.where == within {
			at = bytes.Index(rest[:min(len(rest), 200)], []byte(p.text))
		}
		if at < 0 || !bytes.HasPrefix(rest[at:], []byte(p.text)) {
			continue
		}
		body := rest[at+len(p.text):]
		if p.where == before {
			i := bytes.Index(body, []byte(": "))
			if i < 0 {
				continue
			}
			body = body[i+2:]
		}
		t.Kind, t.Text = p.kind, body
		return t
	}
	if len(bytes.TrimSpace(rest)) > 0 { // a phase that is not known must not count as an execution
		t.Kind = NoDuration
	}
	return t
}
