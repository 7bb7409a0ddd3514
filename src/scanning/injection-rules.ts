import type { InjectionLevel } from "../base/effect.ts";

/** A form of words by which a text tries to give a model orders. */
export interface InjectionRule {
  readonly id: string;
  readonly level: InjectionLevel;
  /** Gaps are bounded, so that no text takes long; texts are in NFKC, with single blanks. */
  readonly pattern: RegExp;
}

const orders =
  "(?:instructions?|prompts?|rules?|directions?|guidelines?|orders?|commands?|context)";

/**
 * Words of orders to models. Sources: the attacks of AgentDojo (arXiv 2406.13352), InjecAgent (arXiv
 * 2403.02691), and public write-ups of poisoned tool descriptions; tuned on the development data only.
 */
export const injectionRules: readonly InjectionRule[] = [
  {
    id: "override",
    level: "likely",
    pattern: new RegExp(
      `(?:\\b|_)(?:ignore|disregard|forget|override|bypass|discard|do not follow|stop following)\\b.{0,40}\\b(?:previous|prior|above|earlier|preceding|existing|original|system|all|any|your)\\b.{0,30}\\b${orders}`,
      "i",
    ),
  },
  {
    id: "override-german",
    level: "likely",
    pattern:
      /\b(?:ignorier|vergiss|missacht|vergess)\w{0,5}\b.{0,30}\b(?:vorherig|bisherig|obig|früher|all|dein|deine)\w{0,3}\b.{0,30}\b(?:anweisung|anleitung|regel|vorgabe|befehl)/i,
  },
  {
    id: "override-french",
    level: "likely",
    pattern:
      /\b(?:ignore[zr]?|oublie[zr]?)\b.{0,30}\b(?:instructions?|consignes?|règles?|directives?|ordres?)\b.{0,20}(?:précédent|antérieur|ci-dessus|données)/i,
  },
  {
    id: "override-spanish",
    level: "likely",
    pattern:
      /\b(?:ignor[ae]n?|olvid[ae]n?|descart[ae]n?)\b.{0,30}\b(?:instrucci[oó]n\w*|[oó]rden\w*|reglas?|indicaci\w+)\b.{0,20}(?:anterior|previa|de arriba)/i,
  },
  {
    id: "override-italian-portuguese",
    level: "likely",
    pattern:
      /\b(?:ignor[aei]\w{0,2}|dimentica\w{0,2}|esque[cç]a\w{0,2}|desconsidere)\b.{0,30}\b(?:istruzion|instruç|regole|regras|ordens)\w*.{0,20}(?:precedent|anterior)/i,
  },
  {
    id: "override-russian",
    level: "likely",
    pattern:
      /(?:игнорируй|проигнорируй|забудь|не следуй).{0,30}(?:предыдущ|прежн|все|эти).{0,30}(?:инструкц|указан|правил|команд)/iu,
  },
  {
    id: "override-chinese-japanese",
    level: "likely",
    pattern:
      /(?:忽略|无视|無視|忘记|忘記).{0,10}(?:之前|以前|上面|前面|先前|所有|以上).{0,10}(?:指令|指示|提示|规则|規則|命令)|(?:以前|これまで|上記|前)の?.{0,8}(?:指示|命令|ルール).{0,8}(?:無視|忘れ)/u,
  },
  {
    id: "first-do-this",
    level: "likely",
    pattern:
      /\bbefore (?:you )?(?:can |could |may )?(?:solv|continu|proceed|complet|finish|answer|do|start)\w{0,4}\b.{0,60}\b(?:task|request|question|anything)\b.{0,60}\b(?:first|do the following|you (?:must|have to|need to))\b/i,
  },
  {
    id: "message-to-the-model",
    level: "likely",
    pattern:
      /\b(?:message|instructions?|note|notice|request|order)s?\b.{0,60}\b(?:to|for) (?:you,? )?(?:the |any |all )?(?:ai|a\.i\.|llm|language model|ai assistant|ai agent|chatbot)s?\b/i,
  },
  {
    id: "system-words",
    level: "likely",
    pattern:
      /<\|(?:im_start|system|endofprompt)\|>|\[\/?INST\]|<<\/?SYS>>|#{2,4} ?\(?system[_ ](?:message|prompt|instruction)|(?:^|\n) ?#{2,4} ?system ?:|<\/?(?:system|important)(?:_instructions?)?>/i,
  },
  {
    id: "keep-it-from-people",
    level: "likely",
    pattern:
      /\b(?:do not|don't|never|without)\b.{0,15}\b(?:tell|telling|mention|mentioning|inform|informing|reveal|revealing|show|notify|notifying|alert)(?:ing)?\b.{0,25}\b(?:the )?(?:user|human|person|owner)\b(?!.{0,40}(?:password|their own))/i,
  },
  {
    id: "without-asking",
    level: "suspected",
    pattern:
      /\b(?:without|instead of) (?:asking|confirming|checking with)\b.{0,20}\b(?:me|user|permission|first)\b/i,
  },
  {
    id: "new-orders",
    level: "likely",
    pattern:
      /\b(?:(?:strictly )?adhere to|follow only|obey) (?:the |these |only )?(?:following |new )?(?:instructions?|orders)\b|\byour (?:new|real|actual|true) (?:task|instructions?|goal|purpose|role)\b|\byou are now\b.{0,30}\b(?:mode|unrestricted|jailbroken|dan|no longer)\b/i,
  },
  {
    id: "order-to-the-model",
    level: "suspected",
    pattern:
      /\b(?:attention|important|dear|hey|note to|if you are an?)[\s,:!]{1,4}(?:the |any |all )?(?:ai|llm|assistant|language model|agent|chatbot)s?\b/i,
  },
  {
    id: "steal-credentials",
    level: "likely",
    pattern:
      /\b(?:read|cat|open|send|include|paste|pass|upload|copy)\b.{0,50}(?:~\/\.ssh|id_rsa|id_ed25519|\.aws\/credentials|mcp\.json|\/etc\/(?:passwd|shadow)|\.env\b|private key|api keys?|environment variables)/i,
  },
  {
    id: "poisoned-tool",
    level: "suspected",
    pattern:
      /\bbefore (?:using|calling|invoking) (?:this|any|other|the) (?:other )?tools?\b.{0,60}\b(?:must|always|first|required)\b|\b(?:this|the) tool (?:must|should) (?:always )?be (?:called|used) (?:first|before)\b/i,
  },
  {
    id: "asks-for-a-step",
    level: "suspected",
    pattern:
      /(?:^|[\n.'">_]) ?(?:todo|action required|urgent|important!+)[:!]{1,3} ?(?:please )?(?:send|transfer|pay|delete|forward|email|post|invite|change the password|visit|download|upload|share|reserve|concatenate)\b/i,
  },
];
