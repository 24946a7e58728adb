// Every word of the page, in both of its languages.
const WORDS = {
  en: {
    skip: "Skip to the message field",
    model: "Model",
    newChat: "New chat",
    settings: "Settings",
    theme: "Colours: as the system, light, dark",
    language: "切换到中文",
    languageShort: "中",
    welcome: "What shall we talk about?",
    lead: "What you type goes to this server and nowhere else.",
    conversation: "Conversation",
    message: "Message",
    placeholder: "Write a message…",
    send: "Send",
    stop: "Stop",
    close: "Close",
    latest: "To the latest message",
    hint: "The model can be wrong. Check what matters.",
    reset: "Back to the model's defaults",
    copy: "Copy",
    copied: "Copied",
    again: "Try again",
    writing: "Answering…",
    waiting: "Waiting for the first word…",
    resuming: "Connection lost, picking the answer up again…",
    stopped: "Stopped",
    cutShort: "Ended at the token limit",
    speed: (tokens, perSecond) => `${tokens} tokens · ${perSecond} a second`,
    noModels: "No model yet",
    starting: "The server is starting or cannot be reached. Trying again…",
    embedded: (id) => `You are talking to “${id}”, the small model that ships with the program. It writes classical Chinese quatrains `
      + "and knows famous lines, and nothing else. Serve another one with: belle up --model BUNDLE",
    failed: "That did not work",
    lost: "The connection to the server was lost.",
    system: "System message",
    systemAbout: "Said to the model before the conversation.",
    temperature: "Temperature",
    temperatureAbout: "0 always takes the most probable token; more is more varied.",
    top_p: "Top-p",
    top_pAbout: "Draws among the tokens that make up this much probability.",
    top_k: "Top-k",
    top_kAbout: "Draws among this many tokens; 0 is all.",
    repetition_penalty: "Repetition penalty",
    repetition_penaltyAbout: "Above 1, what was said already gets less probable.",
    max_tokens: "Most tokens",
    max_tokensAbout: "Where an answer ends at the latest. Empty: as the context allows.",
    seed: "Seed",
    seedAbout: "The same seed and conversation give the same answer. Empty: a new one each time.",
    key: "API key",
    keyAbout: "Only where this server asks for one. Kept until this tab is closed.",
    examples: [
      ["Tell me a story", "about a bell that would not ring"],
      ["Explain to a child", "why the sky is blue"],
      ["Write a Python function", "that checks whether a number is prime"],
      ["Plan a weekend", "of three days in Hangzhou"],
    ],
    poems: [
      ["写一首关于月亮的五言绝句", "a quatrain about the moon, five characters a line"],
      ["以秋天为题，写一首七绝", "one about autumn, seven characters a line"],
      ["“床前明月光”的下一句是什么？", "what follows a famous line"],
      ["你会做什么？", "what it can do"],
    ],
  },
  zh: {
    skip: "跳到输入框",
    model: "模型",
    newChat: "新对话",
    settings: "设置",
    theme: "配色：跟随系统、浅色、深色",
    language: "Switch to English",
    languageShort: "EN",
    welcome: "想聊点什么？",
    lead: "您输入的内容只会发送到这台服务器。",
    conversation: "对话",
    message: "消息",
    placeholder: "输入消息……",
    send: "发送",
    stop: "停止",
    close: "关闭",
    latest: "回到最新消息",
    hint: "模型可能出错，重要内容请核实。",
    reset: "恢复模型默认值",
    copy: "复制",
    copied: "已复制",
    again: "重试",
    writing: "正在回答……",
    waiting: "等待第一个字……",
    resuming: "连接中断，正在接着读取回答……",
    stopped: "已停止",
    cutShort: "达到长度上限",
    speed: (tokens, perSecond) => `${tokens} 个词元 · 每秒 ${perSecond} 个`,
    noModels: "暂无模型",
    starting: "服务器正在启动或无法访问，正在重试……",
    embedded: (id) => `当前使用的是程序自带的小模型“${id}”，它会写绝句、接名句，别的都不会。`
      + "使用其他模型请运行：belle up --model BUNDLE",
    failed: "出错了",
    lost: "与服务器的连接已中断。",
    system: "系统消息",
    systemAbout: "在对话之前告诉模型的话。",
    temperature: "温度",
    temperatureAbout: "0 总是选择最可能的词元；越大越多样。",
    top_p: "Top-p",
    top_pAbout: "只在累计达到此概率的词元中抽取。",
    top_k: "Top-k",
    top_kAbout: "只在最可能的若干个词元中抽取；0 表示不限。",
    repetition_penalty: "重复惩罚",
    repetition_penaltyAbout: "大于 1 时，已出现过的内容会变得不太可能。",
    max_tokens: "最大词元数",
    max_tokensAbout: "回答的最大长度。留空则由上下文长度决定。",
    seed: "随机种子",
    seedAbout: "相同的种子与对话得到相同的回答。留空则每次不同。",
    key: "API 密钥",
    keyAbout: "仅在服务器要求时填写，关闭标签页后即失效。",
    examples: [
      ["讲一个故事", "关于一口不肯响的钟"],
      ["给小朋友解释", "天空为什么是蓝色的"],
      ["写一个 Python 函数", "判断一个数是不是质数"],
      ["安排一次周末出游", "在杭州玩三天"],
    ],
    poems: [
      ["写一首关于月亮的五言绝句", "每句五个字，共四句"],
      ["以秋天为题，写一首七绝", "每句七个字，共四句"],
      ["“床前明月光”的下一句是什么？", "接名句"],
      ["你会做什么？", "先认识一下"],
    ],
  },
};

/** Remembers a choice over visits; does without where the browser forbids storage. */
export const memory = {
  get(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  },
  set(name, value) {
    try { localStorage.setItem(name, value); } catch { /* the choice lasts until the page is left */ }
  },
};

let language = memory.get("belle.language") ?? (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");

export const word = (name) => WORDS[language][name] ?? WORDS.en[name] ?? name;

/** Puts the words of the current language on everything that asks for them by attribute. */
export function speak(root = document) {
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const node of root.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  for (const node of root.querySelectorAll("[data-placeholder]")) node.placeholder = word(node.dataset.placeholder);
  for (const node of root.querySelectorAll("[data-label]")) node.setAttribute("aria-label", word(node.dataset.label));
  for (const node of root.querySelectorAll("[data-title]")) {
    node.title = word(node.dataset.title);
    node.setAttribute("aria-label", node.title);
  }
}

export function switchLanguage() {
  language = language === "zh" ? "en" : "zh";
  memory.set("belle.language", language);
  speak();
}
