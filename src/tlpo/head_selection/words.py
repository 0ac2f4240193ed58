"""Common English words for the synthetic tasks. Nouns and verbs are inflected regularly (-s, -ed or -d)."""

from __future__ import annotations

_NOUNS = """
apple arm bag ball banana band bank basket bear bed bell bird boat book boot bottle bowl box bread bridge brother
bucket building bus button cake camera candle car card carpet cat chair chicken circle clock cloud coat coin corner
cow crown cup curtain desk doctor dog door dragon drawer dress drum duck eagle ear egg elephant engine eye farm
farmer field finger fire flag flower forest fork friend frog garden gate ghost glove goat guitar hammer hand hat
hill horse hotel house island jacket jar key king kitchen kite lake lamp leg lemon letter lion lock machine map
market meadow mirror monkey moon mountain nail neck needle nest nose nurse ocean office onion orange owl page paper
parrot pen pencil phone picture pig pillow pipe planet plate pocket pond potato prince queen rabbit
ring river road robot rock roof room root rope rose school sea seat shirt shoe shop sister snake soldier song spoon
stamp star stone street student sun table tail teacher tent ticket tiger tower town toy train tree truck tunnel
turtle uncle village violin voice wall wheel whale window wing winter worker yard zebra
"""

_VERBS = """
accept add admire agree allow answer appear arrive ask attack bake belong boil borrow breathe brush burn call
change charge chase check clean climb close collect comb complain compare cook count cover cross dance deliver
describe destroy discover dream dress earn end enjoy enter escape explain fail fill finish fix float fold follow
force gather guess hand happen heat help hope hunt imagine improve invite join jump kick kiss knock land last
laugh learn listen look love manage mark melt mention miss mix move water name need notice obey offer open order
paint pass pick place play point pour predict prepare present press pretend promise pull push rain reach receive
remain remember repair repeat return roll sail save search serve shout smell smile start stay succeed suggest
support surprise talk taste thank touch treat trust turn use visit wait walk want warn wash watch wish
wonder work yell
"""

_ADJECTIVES = """
angry big black blue brave bright broken brown calm cheap clean clever cold dark deep dry empty famous fast flat
fresh funny gentle golden green grey happy heavy hot huge hungry kind large lazy little long loud lucky narrow new
nice old pale pink plain poor proud purple quick quiet red rich round sad sharp short shy silver simple slow small
soft strange strong sweet tall thick thin tiny tired warm weak wet white wide wild wise yellow young
"""

NOUNS, VERBS, ADJECTIVES = (tuple(words.split()) for words in (_NOUNS, _VERBS, _ADJECTIVES))
