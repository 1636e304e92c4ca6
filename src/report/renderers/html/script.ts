import type { InlineScript } from './document.ts';

/** Opens what is folded for paper, and where a link leads into it. Nobody needs it to read the page. */
export const SCRIPT: InlineScript = {
  code: `(()=>{const all=[...document.querySelectorAll('details')];let opened=[];
addEventListener('beforeprint',()=>{opened=all.filter(e=>!e.open);for(const e of opened)e.open=true});
addEventListener('afterprint',()=>{for(const e of opened)e.open=false});
const show=()=>{for(let e=document.querySelector(':target');e;e=e.parentElement)if(e.tagName==='DETAILS')e.open=true};
addEventListener('hashchange',show);show()})()`,
  sha256: 't5iCVZSYt6s+gueARaNWogom5I/KOfLoWkiNxSeTBwk=',
};
