package belle.dataset;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The rules that look at one item alone. A question is an instruction and its input, joined by a line break where a form has
 * both in one text: material is then looked for behind the instruction's first line or colon.
 */
final class Cleaning {
    private static final String MODEL = "(?:Chat)?GPT(?:-?[\\d.]+)?\\s*(?:语言)?(?:模型|机器人|聊天机器人|程序|助手)?";

    /** Orders to a model by its name. Talk about such models has a verb between, or the name as the subject of knowledge. */
    private static final Pattern ADDRESSES_GPT = Pattern.compile(
            "(?:要求|请求|请(?:你)?(?:让|向|使用|命令|训练|扮演|作为)?|作为|扮演|让|使用|利用|通过|借助|依靠|交给|(?<!\\p{IsHan})给|由|命令|指示|告诉|希望|以便|使得?|需要|(?<!\\p{IsHan})用)"
                    + "\\s*(?:这个|那个|该|一个|一款|一名)?\\s*" + MODEL
                    + "(?!的|分区|是|高|偏|和|与|流行|普及|走红|出名)"
                    + "|" + MODEL
                    + "\\s*(?:应该|应|必须|需要(?!的?(?:哪些|多少|什么))|要|能够|可以)?\\s*(?:能够)?\\s*(?:根据|列出|用|生成|写|判断|补全|回答|完成|给出)");

    private static final Pattern TALKS_AS_GPT = Pattern.compile(
            "(?:作为|我(?:只|就|不过)?是|我叫|身为)\\s*(?:由[^，。]{0,12}的)?(?:一个|一名|一款|一种)?(?:基于)?(?:人工智能|AI)?\\s*(?:Chat)?GPT|(?:作为|我是)[^，。！？]{0,12}GPT(?:[^，。！？]{0,4})模型");

    private static final String MATERIAL =
            "(?:文章|文本|短文|句子|句|段落|段|诗句|诗|文字|内容|材料|代码|数据|单词|词语|词|关键词|对话|新闻|列表|表格|信息|选项|题目|问题|故事|观点|论点|评论|产品|算式|数字|大纲|邮件|话|电影|歌词|图表|程序)";

    private static final Pattern POINTS_AT_MATERIAL = Pattern.compile(
            "(?:下面|以下|下列|如下|给定|所给|提供|给出|上述|上面)的?(?:[这那]?[一几些篇段个句首则份]{0,2})(?:用户输入的)?(?:\\p{IsHan}{0,4}?)" + MATERIAL
                    + "|(?:这|该|此)(?:篇|段|则|首|部|张|份)?(?:\\p{IsHan}{0,2}?)" + MATERIAL + "|下文|上文|上文续写|给定的?材料");

    private static final Pattern PLACEHOLDER = Pattern.compile(
            "^\\s*(?:[\\[(（<【{《][^\\])）>】}》]{0,12}[\\])）>】}》]|(?:\\p{IsHan}{0,6}[:：]?\\s*)?[Xx]{2,}|请输入.{0,10}|无|文章|文本|内容|无输入|(?:n|N)/?(?:a|A)|…+|\\.{3,}|_+)\\s*$");

    private static final Pattern ASKS_FOR_MATERIAL = Pattern.compile(
            "^.{0,12}(?:请(?:您|你)?(?:先)?(?:提供|给出|告诉我|补充)|(?:没有|尚未|未)(?:提供|给出)|缺少(?:输入|文本|材料)|请问(?:您|你)(?:说的|指的)是)");

    private static final Pattern ENGLISH_IS_THE_MATTER =
            Pattern.compile("翻译|译[成为]|英译|汉译|[英法德俄日韩]语|[英法德俄日韩]文|外语|外文|英语|单词|拼写|语法|谚语|歌词|缩写|(?i:translat|english)");

    private static final Pattern CODE_IS_THE_MATTER = Pattern.compile(
            "代码|程序|编程|脚本|函数|命令|正则|变量|算法|公式|化学式|网页|数据库|(?i:sql|python|java|html|css|json|linux|shell|excel|xml|c\\+\\+|regex|latex)");

    private static final Pattern CODE = Pattern.compile(
            "[{};]\\s*$|\\w\\(.*\\)|=>|==|</?\\w+>|^\\s*(?:def|import|#include|SELECT)\\b", Pattern.MULTILINE);
    private static final Pattern QUOTED = Pattern.compile("[“\"「『《'‘][^”\"」』》'’]*[”\"」』》'’]");
    private static final Pattern WORD = Pattern.compile("[A-Za-z]{2,}(?:['’][a-z]+)?");
    /** So many English words in a row that a reader of Chinese alone stops. */
    private static final int ENGLISH_WORDS = 8;

    private static final double ENGLISH_SHARE = 0.6;
    /** Characters behind a colon or line break from which on they are taken for material. */
    private static final int MATERIAL_CHARACTERS = 2;

    private Cleaning() {}

    static boolean gpt(String question, String answer) {
        return ADDRESSES_GPT.matcher(question).find()
                || TALKS_AS_GPT.matcher(answer).find();
    }

    static boolean incomplete(String instruction, String input, String answer) {
        if (PLACEHOLDER.matcher(input).matches()) {
            return POINTS_AT_MATERIAL.matcher(instruction).find()
                    || !input.strip().startsWith("无");
        }
        if (!input.isBlank()) {
            return false;
        }
        if (ASKS_FOR_MATERIAL.matcher(answer).find()
                && POINTS_AT_MATERIAL.matcher(instruction).find()) {
            return true;
        }
        Matcher pointer = POINTS_AT_MATERIAL.matcher(instruction);
        return pointer.find() && !hasMaterial(instruction, pointer.end());
    }

    /** Whether an instruction brings its material along: in quotes, behind a colon, or on lines of its own. */
    private static boolean hasMaterial(String instruction, int behind) {
        if (QUOTED.matcher(instruction).find()) {
            return true;
        }
        int colon = Math.max(instruction.lastIndexOf('：'), instruction.lastIndexOf(':'));
        int line = instruction.strip().indexOf('\n');
        return (colon >= 0 && instruction.length() - colon - 1 >= MATERIAL_CHARACTERS)
                || line >= 0
                || instruction.length() - behind > 40;
    }

    static boolean english(String instruction, String input, String answer) {
        if (!isChinese(instruction)
                || ENGLISH_IS_THE_MATTER.matcher(instruction).find()
                || CODE_IS_THE_MATTER.matcher(instruction).find()) {
            return false;
        }
        return isEnglish(input) || (isEnglish(answer) && !isEnglish(input));
    }

    private static boolean isChinese(String text) {
        long han = text.codePoints().filter(Character::isIdeographic).count();
        long latin =
                text.codePoints().filter(c -> c < 0x80 && Character.isLetter(c)).count();
        return han > 0 && han * 2 >= latin;
    }

    /** Whether most of a text is English words, and enough of them, that are no code. */
    private static boolean isEnglish(String text) {
        long letters = text.codePoints().filter(Character::isLetter).count();
        long latin =
                text.codePoints().filter(c -> c < 0x80 && Character.isLetter(c)).count();
        long words = WORD.matcher(text).results().count();
        return words >= ENGLISH_WORDS
                && latin >= ENGLISH_SHARE * letters
                && !CODE.matcher(text).find();
    }
}
