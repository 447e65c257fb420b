package pglog

import "bytes"

// field of an event that a line of a stderr log holds.
type field uint8

const (
	noField      field = iota
	messageField       // its severity says so: the line begins an event
	detailField
	hintField
	contextField
	statementField
	queryField
	locationField
)

// label reads the word that stands between the prefix and the text of a line, with the colon and blanks behind it. n is 0 where there
// is none that PostgreSQL writes.
func label(text []byte) (f field, s Severity, n int) {
	if len(text) < 5 {
		return noField, Other, 0
	}
	switch text[0] { // the most frequent first
	case 'L':
		if string(text[:5]) == "LOG: " {
			return labelled(text, messageField, Log, 4)
		}
	default:
		if text[0] < 'A' || text[0] > 'Z' && text[0] < 0x80 {
			return noField, Other, 0
		}
	}
	colon := bytes.IndexByte(text[:min(len(text), 40)], ':')
	if colon < 3 || colon+1 < len(text) && text[colon+1] != ' ' && text[colon+1] != '\r' {
		return noField, Other, 0
	}
	known, ok := labels[string(bytes.TrimRight(text[:colon], " \u00a0"))]
	if !ok {
		return noField, Other, 0
	}
	return labelled(text, known.field, known.severity, colon+1)
}

// labelled ends a label: two blanks follow the colon, and at the end of a line of which nothing else is there they may be gone.
func labelled(text []byte, f field, s Severity, n int) (field, Severity, int) {
	switch {
	case len(text) > n+1 && text[n] == ' ' && text[n+1] == ' ':
		return f, s, n + 2
	case len(text) == n, len(text) == n+1 && (text[n] == ' ' || text[n] == '\r'):
		return f, s, len(text)
	}
	return noField, Other, 0
}

type meaning struct {
	field    field
	severity Severity
}

// labels are PostgreSQL's words and, of its translations, those of the servers met most.
var labels = map[string]meaning{
	"LOG": {messageField, Log}, "ERROR": {messageField, Error}, "FATAL": {messageField, Fatal}, "PANIC": {messageField, Panic}, "WARNING": {messageField, Warning},
	"NOTICE": {messageField, Notice}, "INFO": {messageField, Info}, "DEBUG": {messageField, Debug}, "DEBUG1": {messageField, Debug}, "DEBUG2": {messageField, Debug},
	"DEBUG3": {messageField, Debug}, "DEBUG4": {messageField, Debug}, "DEBUG5": {messageField, Debug},
	"DETAIL": {detailField, Other}, "HINT": {hintField, Other}, "CONTEXT": {contextField, Other}, "STATEMENT": {statementField, Other}, "QUERY": {queryField, Other},
	"LOCATION": {locationField, Other}, "BACKTRACE": {locationField, Other},
	// de
	"FEHLER": {messageField, Error}, "WARNUNG": {messageField, Warning}, "HINWEIS": {messageField, Notice}, "PANIK": {messageField, Panic}, "TIPP": {hintField, Other},
	"ZUSAMMENHANG": {contextField, Other}, "ANWEISUNG": {statementField, Other}, "ANFRAGE": {queryField, Other}, "ORT": {locationField, Other},
	// fr
	"ERREUR": {messageField, Error}, "ATTENTION": {messageField, Warning}, "DÉTAIL": {detailField, Other}, "ASTUCE": {hintField, Other}, "CONTEXTE": {contextField, Other},
	"INSTRUCTION": {statementField, Other}, "REQUÊTE": {queryField, Other}, "EMPLACEMENT": {locationField, Other},
	// es, it, pt
	"DETALLE": {detailField, Other}, "CONTEXTO": {contextField, Other}, "SENTENCIA": {statementField, Other}, "CONSULTA": {queryField, Other}, "UBICACIÓN": {locationField, Other},
	"ERRORE": {messageField, Error}, "FATALE": {messageField, Fatal}, "PANICO": {messageField, Panic}, "ATTENZIONE": {messageField, Warning}, "NOTIFICA": {messageField, Notice},
	"DETTAGLI": {detailField, Other}, "SUGGERIMENTO": {hintField, Other}, "CONTESTO": {contextField, Other}, "ISTRUZIONE": {statementField, Other}, "POSIZIONE": {locationField, Other},
	"ERRO": {messageField, Error}, "AVISO": {messageField, Warning}, "PÂNICO": {messageField, Panic}, "DETALHE": {detailField, Other}, "DICA": {hintField, Other}, "COMANDO": {statementField, Other},
	// ru, uk
	"СООБЩЕНИЕ": {messageField, Log}, "ОШИБКА": {messageField, Error}, "ВАЖНО": {messageField, Fatal}, "ПАНИКА": {messageField, Panic}, "ПРЕДУПРЕЖДЕНИЕ": {messageField, Warning},
	"ЗАМЕЧАНИЕ": {messageField, Notice}, "ИНФОРМАЦИЯ": {messageField, Info}, "ОТЛАДКА": {messageField, Debug}, "ПОДРОБНОСТИ": {detailField, Other}, "ПОДСКАЗКА": {hintField, Other},
	"ЗАПРОС": {queryField, Other}, "КОНТЕКСТ": {contextField, Other}, "ОПЕРАТОР": {statementField, Other}, "ПОЛОЖЕНИЕ": {locationField, Other},
	"ЗАПИСУВАННЯ": {messageField, Log}, "ПОМИЛКА": {messageField, Error}, "ФАТАЛЬНО": {messageField, Fatal}, "ПАНІКА": {messageField, Panic}, "ПОПЕРЕДЖЕННЯ": {messageField, Warning},
	"ПОВІДОМЛЕННЯ": {messageField, Notice}, "ВІДОМОСТІ": {detailField, Other}, "УКАЗІВКА": {hintField, Other}, "ЗАПИТ": {queryField, Other}, "ІНСТРУКЦІЯ": {statementField, Other},
	"РОЗТАШУВАННЯ": {locationField, Other},
	// sv
	"LOGG": {messageField, Log}, "FEL": {messageField, Error}, "FATALT": {messageField, Fatal}, "VARNING": {messageField, Warning}, "NOTIS": {messageField, Notice}, "DETALJ": {detailField, Other},
	"TIPS": {hintField, Other}, "FRÅGA": {queryField, Other}, "KONTEXT": {contextField, Other}, "SATS": {statementField, Other}, "PLATS": {locationField, Other},
	// ja
	"文": {statementField, Other}, "詳細": {detailField, Other}, "ヒント": {hintField, Other}, "文脈": {contextField, Other}, "問い合わせ": {queryField, Other}, "場所": {locationField, Other},
	// ko
	"로그": {messageField, Log}, "오류": {messageField, Error}, "치명적오류": {messageField, Fatal}, "손상": {messageField, Panic}, "경고": {messageField, Warning}, "알림": {messageField, Notice},
	"정보": {messageField, Info}, "디버그": {messageField, Debug}, "상세정보": {detailField, Other}, "힌트": {hintField, Other}, "쿼리": {queryField, Other}, "내용": {contextField, Other},
	"명령 구문": {statementField, Other}, "위치": {locationField, Other},
	// zh_CN
	"日志": {messageField, Log}, "错误": {messageField, Error}, "致命错误": {messageField, Fatal}, "比致命错误还过分的错误": {messageField, Panic}, "警告": {messageField, Warning},
	"注意": {messageField, Notice}, "信息": {messageField, Info}, "调试": {messageField, Debug}, "详细信息": {detailField, Other}, "提示": {hintField, Other}, "查询": {queryField, Other},
	"上下文": {contextField, Other}, "语句": {statementField, Other}, "位置": {locationField, Other},
}

// severityOf reads a severity alone, as csvlog and jsonlog have it.
func severityOf(word []byte) Severity {
	if string(word) == "LOG" {
		return Log
	}
	return labels[string(word)].severity
}

// sqlState reads the code that the error verbosity VERBOSE puts before the message. Verbosity may change from session to session, so
// that each message tells by itself: the two characters of a class that there is, and a colon.
func sqlState(text []byte) []byte {
	if len(text) < 7 || text[5] != ':' || text[6] != ' ' {
		return nil
	}
	hasDigit := false
	for _, c := range text[:5] {
		switch {
		case isDigit(c):
			hasDigit = true
		case c < 'A' || c > 'Z':
			return nil
		}
	}
	if !hasDigit || !bytes.Contains(classes, text[:2]) {
		return nil
	}
	return text[:5]
}

// classes of SQLSTATE, each with a blank behind it.
var classes = []byte("00 01 02 03 08 09 0A 0B 0F 0L 0P 0Z 10 20 21 22 23 24 25 26 27 28 2B 2D 2F 34 38 39 3B 3D 3F 40 42 44 53 54 55 57 58 72 F0 HV P0 XX ")
